import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { RuleRepository } from '../persistence/rule.repository';

/** Lets a rule watch no more, for good. */
export class RetireRule {
  constructor(readonly ruleId: string) {}
}

@CommandHandler(RetireRule)
export class RetireRuleHandler implements ICommandHandler<RetireRule> {
  constructor(
    private readonly rules: RuleRepository,
    private readonly clock: Clock,
  ) {}

  /** @throws RuleNotFound, RuleStateForbids */
  async execute({ ruleId }: RetireRule): Promise<void> {
    const rule = await this.rules.get(ruleId);
    rule.retire(this.clock.now());
    await this.rules.save(rule);
    rule.commit();
  }
}
