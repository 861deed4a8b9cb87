import { Command, CommandHandler, ICommandHandler } from '@nestjs/cqrs';
import { Clock } from '../../kernel/clock';
import { Invalid } from '../../kernel/domain-error';
import { newId } from '../../kernel/ids';
import { Reactions } from '../../platform/reactions/reactions.service';
import { Draft, Rule } from '../model/rule';
import { RuleRepository } from '../persistence/rule.repository';

/** Writes a rule, which watches nothing before it is activated. Answers its id. */
export class DraftRule extends Command<string> {
  constructor(readonly draft: Draft) {
    super();
  }
}

@CommandHandler(DraftRule)
export class DraftRuleHandler implements ICommandHandler<DraftRule> {
  constructor(
    private readonly rules: RuleRepository,
    private readonly reactions: Reactions,
    private readonly clock: Clock,
  ) {}

  /** @throws Invalid for a reaction that there is not, and for what the rule says */
  async execute({ draft }: DraftRule): Promise<string> {
    const rule = Rule.draft({ id: newId(), ...draft, draftedAt: this.clock.now() });
    const { reaction } = draft;
    if (reaction !== undefined && !this.reactions.find(reaction)) {
      throw new Invalid('reaction-unknown', 'reaction', 'must be the name of a reaction, as GET /reactions has it');
    }
    await this.rules.save(rule);
    rule.commit();
    return rule.id;
  }
}
