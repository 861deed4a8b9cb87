import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
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
  @ApiOperation({ summary: 'Lists alerts, the newest first' })
  browse(@Query() { status, limit, cursor }: BrowseAlertsRequest): Promise<Page<AlertDetails>> {
    return this.queries.execute(new BrowseAlerts(status, limit, cursor));
  }

  @Post('rules')
  @ApiOperation({ summary: 'Drafts a rule, which watches nothing before it is activated' })
  async draft(@Body() draft: DraftRuleRequest, @Res({ passthrough: true }) reply: Reply): Promise<{ id: string }> {
    const id = await this.commands.execute(new DraftRule(draft));
    void reply.header('location', `/alerts/rules/${id}`);
    return { id };
  }

  @Get('rules')
  @ApiOperation({ summary: 'Lists rules in the order in which they were drafted' })
  rules(@Query() { limit, cursor }: PageQuery): Promise<Page<RuleDetails>> {
    return this.queries.execute(new BrowseRules(limit, cursor));
  }

  @Get('rules/:id')
  @ApiOperation({ summary: 'Shows what a rule says, and whether it is active' })
  find(@IdParam('id') id: string): Promise<RuleDetails> {
    return this.queries.execute(new FindRule(id));
  }

  @Post('rules/:id/activate')
  @HttpCode(200)
  @ApiOperation({ summary: 'Lets a rule watch' })
  async activate(@IdParam('id') id: string): Promise<RuleDetails> {
    await this.commands.execute(new ActivateRule(id));
    return this.queries.execute(new FindRule(id));
  }

  @Post('rules/:id/retire')
  @HttpCode(200)
  @ApiOperation({ summary: 'Lets a rule watch no more, for good' })
  async retire(@IdParam('id') id: string): Promise<RuleDetails> {
    await this.commands.execute(new RetireRule(id));
    return this.queries.execute(new FindRule(id));
  }
}
