import { Injectable, Scope } from '@nestjs/common';
import { DiscoveryService, ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper';
import type { Module } from '@nestjs/core/injector/module';
import { IEventHandler } from '@nestjs/cqrs';
import {
  COMMAND_HANDLER_METADATA,
  EVENTS_HANDLER_METADATA,
  SAGA_METADATA,
} from '@nestjs/cqrs/dist/decorators/constants';
import { EventClass, EventTypes, PublishedEvents } from '../event-log/event-types';
import { optionComplaints } from './option-complaints';
import { ReactionDefinition } from './reaction-definition';
import { REACTION, ReactionMetadata } from './reaction.decorator';
import { DEFAULT_RETRY, DEFAULT_TIME_LIMIT } from './retry-policy';

/** The program contradicts a guarantee, and does not start. Each complaint is a sentence that says what to change. */
export class StartRefused extends Error {
  constructor(readonly complaints: readonly string[]) {
    super(`the shop does not start:\n${complaints.map((one) => `  - ${one}`).join('\n')}`);
    this.name = 'StartRefused';
  }
}

const NAME = /^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/;

/** What a context's module says about reactions that it no longer has. */
export class RetiredReactions {
  constructor(readonly names: readonly string[]) {}
}

/** Among a module's providers: reactions whose checkpoints are in old databases, but which are gone for good. */
export const retiresReactions = (...names: string[]) => ({
  provide: Symbol('retired reactions'),
  useValue: new RetiredReactions(names),
});

const kebab = (name: string) => name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();

/** Finds events, reactions and command handlers in the modules of the program, and refuses what cannot work. */
@Injectable()
export class Discovery {
  constructor(
    private readonly providers: DiscoveryService,
    private readonly modules: ModulesContainer,
    private readonly types: EventTypes,
  ) {}

  /** @throws StartRefused with every complaint at once */
  explore(): { reactions: ReactionDefinition[]; retired: ReadonlySet<string> } {
    const wrappers = this.providers.getProviders();
    const complaints = [
      ...this.eventComplaints(wrappers),
      ...sagaComplaints(wrappers),
      ...commandComplaints(wrappers),
      ...this.exportComplaints(),
    ];
    const reactions: ReactionDefinition[] = [];
    for (const wrapper of wrappers) {
      const found = this.reaction(wrapper);
      if (Array.isArray(found)) complaints.push(...found);
      else if (found) reactions.push(found);
    }
    const retired = wrappers.flatMap(({ instance }) => (instance instanceof RetiredReactions ? instance.names : []));
    complaints.push(...nameComplaints(reactions), ...retirementComplaints(reactions, retired));
    if (complaints.length) throw new StartRefused(complaints);
    return { reactions, retired: new Set(retired) };
  }

  private eventComplaints(wrappers: InstanceWrapper[]): string[] {
    return wrappers.flatMap(({ instance }) => (instance instanceof PublishedEvents ? this.types.add(instance) : []));
  }

  private reaction(wrapper: InstanceWrapper): ReactionDefinition | string[] | undefined {
    const handler = wrapper.metatype as (new () => IEventHandler<object>) | undefined;
    const events = handler && (Reflect.getMetadata(EVENTS_HANDLER_METADATA, handler) as EventClass[] | undefined);
    if (!handler || !events) return undefined;
    const complaints: string[] = [];
    if (wrapper.scope === Scope.REQUEST || !wrapper.isDependencyTreeStatic()) {
      complaints.push(
        `${handler.name} is request-scoped: a reaction runs long after the request, so it must be a singleton`,
      );
    }
    for (const event of events.filter((one) => !this.types.isKnown(one))) {
      complaints.push(
        `${handler.name} reacts to ${event.name}, which no module publishes: add \`publishes(...)\` to its module`,
      );
    }
    const given = Reflect.getMetadata(REACTION, handler) as ReactionMetadata | undefined;
    if (given) complaints.push(...optionComplaints(handler.name, given));
    if (complaints.length) return complaints;
    const options = given ?? { name: `${contextOf(wrapper.host!)}.${kebab(handler.name)}` };
    return {
      name: options.name,
      module: wrapper.host,
      mode: options.within ? 'in-transaction' : options.effects === 'external' ? 'external' : 'after-commit',
      events,
      types: this.types.storedNames(events),
      handler: wrapper.instance as ReactionDefinition['handler'],
      onFailure: options.onFailure ?? 'park',
      retry: { ...DEFAULT_RETRY, ...options.retry },
      timeLimit: options.timeLimit ?? DEFAULT_TIME_LIMIT,
      batch: options.batch,
      from: options.from,
      formerly: options.formerly ?? [],
      tables: given?.tables ?? [],
    };
  }

  /** A context that exports providers is no longer known by its events alone. */
  private exportComplaints(): string[] {
    return [...this.modules.values()]
      .filter((module) => module.exports.size > 0 && isContext(module))
      .map(({ name }) => `${name} has Nest exports: contexts know each other by their events only, so remove them`);
  }
}

const contextOf = (module: Module) => kebab(module.name.replace(/Module$/, ''));

const isContext = (module: Module) =>
  [...module.providers.values()].some(
    ({ instance, metatype }) =>
      instance instanceof PublishedEvents ||
      (typeof metatype === 'function' &&
        [EVENTS_HANDLER_METADATA, COMMAND_HANDLER_METADATA].some((key) => Reflect.hasMetadata(key, metatype))),
  );

function nameComplaints(reactions: readonly ReactionDefinition[]): string[] {
  const owners = new Map<string, string>();
  return reactions.flatMap(({ name, formerly, handler }) =>
    [name, ...formerly].flatMap((one) => {
      const owner = owners.get(one);
      owners.set(one, handler.constructor.name);
      if (owner) {
        return [
          `reactions ${owner} and ${handler.constructor.name} are both called '${one}', now or formerly: give one of them another name, or take it out of the providers`,
        ];
      }
      if (!NAME.test(one)) {
        return [`${handler.constructor.name}: reaction '${one}' needs a name like 'inventory.open-stock'`];
      }
      return [];
    }),
  );
}

function retirementComplaints(reactions: readonly ReactionDefinition[], retired: readonly string[]): string[] {
  return reactions
    .filter(({ name }) => retired.includes(name))
    .map(
      ({ name, handler }) =>
        `\`retiresReactions('${name}')\` names a reaction that lives, ${handler.constructor.name}: take one of them out of the providers`,
    );
}

function sagaComplaints(wrappers: readonly InstanceWrapper[]): string[] {
  return wrappers
    .filter(({ metatype }) => metatype && Reflect.hasMetadata(SAGA_METADATA, metatype))
    .map(
      ({ name }) =>
        `${String(name)} has a @Saga(): such a stream dies on its first error and survives no restart; write a reaction`,
    );
}

function commandComplaints(wrappers: readonly InstanceWrapper[]): string[] {
  const handlers = new Map<object, string>();
  return wrappers.flatMap(({ metatype, name }) => {
    const command =
      metatype && (Reflect.getMetadata(COMMAND_HANDLER_METADATA, metatype) as { name: string } | undefined);
    if (!command) return [];
    const other = handlers.get(command);
    handlers.set(command, String(name));
    if (!other) return [];
    return [
      `${command.name} has two handlers, ${other} and ${String(name)}: a command is handled once, so take one of them out of the providers`,
    ];
  });
}
