import { CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { RuleRepository } from '../persistence/rule.repository';

/** Lets a rule watch. */
export class ActivateRule {
  constructor(readonly ruleId: string) {}
}

@CommandHandler(ActivateRule)
export class ActivateRuleHandler implements ICommandHandler<ActivateRule> {
  constructor(
    private readonly rules: RuleRepository,
    private readonly clock: Clock,
  ) {}

  /** @throws RuleNotFound, RuleStateForbids, TooManyRules */
  async execute({ ruleId }: ActivateRule): Promise<void> {
    const rule = await this.rules.get(ruleId);
    rule.activate(this.clock.now(), await this.rules.activeOf(rule.snapshot().metric));
    await this.rules.save(rule);
    rule.commit();
  }
}
