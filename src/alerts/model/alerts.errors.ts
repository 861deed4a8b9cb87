import { NotFound, Refused } from '../../kernel/domain-error';
import type { Metric } from '../alerts.events';

/** No rule has this id. */
export class RuleNotFound extends NotFound {
  constructor(ruleId: string) {
    super('rule-not-found', `there is no rule ${ruleId}`, { ruleId });
  }
}

/** What is wanted of the rule is not possible in its present state. */
export class RuleStateForbids extends Refused {
  /** @param wanted a participle: "activated" */
  constructor(ruleId: string, wanted: string, status: string) {
    super('rule-state-forbids', `rule ${ruleId} cannot be ${wanted}: it is ${status}`, { status, wanted });
  }
}

/** As many rules of one metric are active as there may be. */
export class TooManyRules extends Refused {
  constructor(metric: Metric, most: number) {
    super('too-many-rules', `${most} rules of ${metric} are active, which is the most: retire one first`, { metric });
  }
}
