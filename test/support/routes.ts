import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants';
import { ModulesContainer } from '@nestjs/core';
import type { Bookshelf } from './bookshelf';

/** Every route of the shop, as its controllers have it: `POST /books/{id}/revise`. */
export function routesOf(shop: Bookshelf): string[] {
  const controllers = [...shop.get(ModulesContainer).values()].flatMap(({ controllers: own }) => [...own.keys()]);
  return controllers.flatMap((controller) => {
    const { prototype } = controller as Type<Record<string, object>>;
    const prefix = Reflect.getMetadata(PATH_METADATA, controller) as string;
    return Object.getOwnPropertyNames(prototype)
      .map((name) => prototype[name])
      .filter((handler) => Reflect.hasMetadata(METHOD_METADATA, handler))
      .map((handler) => {
        const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod];
        const path = [prefix, Reflect.getMetadata(PATH_METADATA, handler) as string].join('/');
        return `${method} /${path}`
          .replace(/\/+/g, '/')
          .replace(/(.)\/$/, '$1')
          .replace(/:(\w+)/g, '{$1}');
      });
  });
}
