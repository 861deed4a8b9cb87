import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { IdParam, PageQuery } from '../platform/http/fields';
import { Page } from '../platform/http/page';
import type { Reply } from '../platform/http/reply';
import { BrowseAlertsRequest, DraftRuleRequest } from './alerts.requests';
import { ActivateRule } from './commands/activate-rule.command';
import { DraftRule } from './commands/draft-rule.command';
import { RetireRule } from './commands/retire-rule.command';
import { AlertDetails, BrowseAlerts } from './queries/browse-alerts.query';
import { BrowseRules } from './queries/browse-rules.query';
import { FindRule } from './queries/find-rule.query';
import { RuleDetails } from './queries/rule-details';

@ApiTags('alerts')
@Controller('alerts')
export class AlertsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  browse(@Query() { status, limit, cursor }: BrowseAlertsRequest): Promise<Page<AlertDetails>> {
    return this.queries.execute(new BrowseAlerts(status, limit, cursor));
  }

  @Post('rules')
  async draft(@Body() draft: DraftRuleRequest, @Res({ passthrough: true }) reply: Reply): Promise<{ id: string }> {
    const id = await this.commands.execute(new DraftRule(draft));
    void reply.header('location', `/alerts/rules/${id}`);
    return { id };
  }

  @Get('rules')
  rules(@Query() { limit, cursor }: PageQuery): Promise<Page<RuleDetails>> {
    return this.queries.execute(new BrowseRules(limit, cursor));
  }

  @Get('rules/:id')
  find(@IdParam('id') id: string): Promise<RuleDetails> {
    return this.queries.execute(new FindRule(id));
  }

  @Post('rules/:id/activate')
  @HttpCode(200)
  async activate(@IdParam('id') id: string): Promise<RuleDetails> {
    await this.commands.execute(new ActivateRule(id));
    return this.queries.execute(new FindRule(id));
  }

  @Post('rules/:id/retire')
  @HttpCode(200)
  async retire(@IdParam('id') id: string): Promise<RuleDetails> {
    await this.commands.execute(new RetireRule(id));
    return this.queries.execute(new FindRule(id));
  }
}
