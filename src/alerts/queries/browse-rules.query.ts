import { IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ReadDatabase } from '../../platform/database/read-database';
import { decodeCursor, Page, page } from '../../platform/http/page';
import { RULE_COLUMNS, RuleDetails, RuleRow, toDetails } from './rule-details';

/** The rules in the order in which they were drafted, one page at a time. */
export class BrowseRules extends Query<Page<RuleDetails>> {
  constructor(
    readonly limit: number,
    readonly cursor?: string,
  ) {
    super();
  }
}

@QueryHandler(BrowseRules)
export class BrowseRulesHandler implements IQueryHandler<BrowseRules> {
  constructor(private readonly database: ReadDatabase) {}

  async execute({ limit, cursor }: BrowseRules): Promise<Page<RuleDetails>> {
    const [after] = cursor ? decodeCursor(cursor, ['string']) : [''];
    const rows = await this.database.all<RuleRow>(
      `SELECT ${RULE_COLUMNS} FROM alerts_rule WHERE id > $1 ORDER BY id LIMIT $2`,
      [after, limit + 1],
    );
    return page(rows.map(toDetails), limit, ({ id }) => [id]);
  }
}
