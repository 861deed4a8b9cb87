import { Module } from '@nestjs/common';
import { publishes } from '../platform/event-log/event-types';
import { explains } from '../platform/why/explains';
import { AdjustStockHandler } from './commands/adjust-stock.command';
import { ReceiveStockHandler } from './commands/receive-stock.command';
import { InitialStock } from './inventory.settings';
import { InventoryController } from './inventory.controller';
import * as inventoryEvents from './inventory.events';
import { INVENTORY_INVARIANTS } from './persistence/inventory.invariants';
import { InventoryRepository, streamOf } from './persistence/inventory.repository';
import { BrowseInventoryHandler } from './queries/browse-inventory.query';
import { BrowseMovementsHandler } from './queries/browse-movements.query';
import { FindInventoryHandler } from './queries/find-inventory.query';
import { OpenStockOnBookAdded } from './reactions/open-stock-on-book-added.reaction';
import { ReleaseStockOnOrderCancelled } from './reactions/release-stock-on-order-cancelled.reaction';
import { ReserveStockOnOrderPlaced } from './reactions/reserve-stock-on-order-placed.reaction';
import { ShipStockOnOrderShipped } from './reactions/ship-stock-on-order-shipped.reaction';
import { TakeBackStockOnOrderReturned } from './reactions/take-back-stock-on-order-returned.reaction';

@Module({
  controllers: [InventoryController],
  providers: [
    publishes(inventoryEvents),
    explains('inventory', streamOf, 'inventory.open-stock'),
    INVENTORY_INVARIANTS,
    InventoryRepository,
    InitialStock.provider,
    // commands
    AdjustStockHandler,
    ReceiveStockHandler,
    // queries
    BrowseInventoryHandler,
    BrowseMovementsHandler,
    FindInventoryHandler,
    // reactions
    OpenStockOnBookAdded,
    ReserveStockOnOrderPlaced,
    ReleaseStockOnOrderCancelled,
    ShipStockOnOrderShipped,
    TakeBackStockOnOrderReturned,
  ],
})
export class InventoryModule {}
