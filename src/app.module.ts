import { Module } from '@nestjs/common';
import { AlertsModule } from './alerts/alerts.module';
import { AnalyticsModule } from './analytics/analytics.module';
import { CatalogModule } from './catalog/catalog.module';
import { InventoryModule } from './inventory/inventory.module';
import { LoyaltyModule } from './loyalty/loyalty.module';
import { NotificationsModule } from './notifications/notifications.module';
import { OrdersModule } from './orders/orders.module';
import { PaymentsModule } from './payments/payments.module';
import { PlatformModule } from './platform/platform.module';
import { RecommendationsModule } from './recommendations/recommendations.module';
import { ShippingModule } from './shipping/shipping.module';
import { WaitingListModule } from './waiting-list/waiting-list.module';

/** The table of contents of the shop. */
@Module({
  imports: [
    PlatformModule,
    CatalogModule,
    InventoryModule,
    OrdersModule,
    NotificationsModule,
    LoyaltyModule,
    AnalyticsModule,
    RecommendationsModule,
    PaymentsModule,
    ShippingModule,
    AlertsModule,
    WaitingListModule,
  ],
})
export class AppModule {}
