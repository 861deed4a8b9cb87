import { Module } from '@nestjs/common';
import { CatalogModule } from './catalog/catalog.module';
import { InventoryModule } from './inventory/inventory.module';
import { PlatformModule } from './platform/platform.module';

/** The table of contents of the shop. */
@Module({
  imports: [PlatformModule, CatalogModule, InventoryModule],
})
export class AppModule {}
