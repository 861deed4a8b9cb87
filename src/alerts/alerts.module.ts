import { Module } from '@nestjs/common';
import { publishes } from '../platform/event-log/event-types';
import { explains } from '../platform/why/explains';
import { AlertsController } from './alerts.controller';
import * as alertsEvents from './alerts.events';
import { ActivateRuleHandler } from './commands/activate-rule.command';
import { DraftRuleHandler } from './commands/draft-rule.command';
import { Evaluation } from './commands/evaluation';
import { LookAlarm } from './commands/look-alarm';
import { LookAtMetricHandler } from './commands/look-at-metric.command';
import { RetireRuleHandler } from './commands/retire-rule.command';
import { AlertRepository, streamOf as alertStream } from './persistence/alert.repository';
import { ALERTS_INVARIANTS } from './persistence/alerts.invariants';
import { Figures } from './persistence/figures';
import { RuleRepository, streamOf as ruleStream } from './persistence/rule.repository';
import { BrowseAlertsHandler } from './queries/browse-alerts.query';
import { BrowseRulesHandler } from './queries/browse-rules.query';
import { FindRuleHandler } from './queries/find-rule.query';
import { AddRevenueOnPayment } from './reactions/add-revenue-on-payment.reaction';
import { ApplyRuleOnRuleStep } from './reactions/apply-rule-on-rule-step.reaction';
import { CountOrderOnOrderPlaced } from './reactions/count-order-on-order-placed.reaction';
import { NoteCopiesOnStockChanged } from './reactions/note-copies-on-stock-changed.reaction';

@Module({
  controllers: [AlertsController],
  providers: [
    publishes(alertsEvents),
    explains('rule', ruleStream),
    explains('alert', alertStream),
    ALERTS_INVARIANTS,
    RuleRepository,
    AlertRepository,
    Figures,
    Evaluation,
    // commands
    DraftRuleHandler,
    ActivateRuleHandler,
    RetireRuleHandler,
    LookAtMetricHandler,
    LookAlarm,
    // queries
    BrowseRulesHandler,
    FindRuleHandler,
    BrowseAlertsHandler,
    // reactions
    NoteCopiesOnStockChanged,
    CountOrderOnOrderPlaced,
    AddRevenueOnPayment,
    ApplyRuleOnRuleStep,
  ],
})
export class AlertsModule {}
