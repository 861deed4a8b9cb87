import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { RuleNotFound } from '../model/alerts.errors';
import { RULE_COLUMNS, RuleDetails, RuleRow, toDetails } from './rule-details';

export class FindRule extends Query<RuleDetails> {
  constructor(readonly ruleId: string) {
    super();
  }
}

@QueryHandler(FindRule)
export class FindRuleHandler implements IQueryHandler<FindRule> {
  constructor(private readonly database: ReadDatabase) {}

  /** @throws RuleNotFound */
  async execute({ ruleId }: FindRule): Promise<RuleDetails> {
    const row = await this.database.first<RuleRow>(`SELECT ${RULE_COLUMNS} FROM alerts_rule WHERE id = $1`, [ruleId]);
    if (!row) throw new RuleNotFound(ruleId);
    return toDetails(row);
  }
}
