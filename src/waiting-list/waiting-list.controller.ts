import { Body, Controller, Delete, HttpCode, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { IdParam } from '../platform/http/fields';
import { JoinWaitingList } from './commands/join-waiting-list.command';
import { LeaveWaitingList } from './commands/leave-waiting-list.command';
import type { Wait } from './model/subscription';
import { JoinWaitingListRequest } from './waiting-list.requests';

@ApiTags('waiting list')
@Controller('books/:id/waiting-list')
export class WaitingListController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @ApiOperation({ summary: 'Puts somebody on the waiting list of a book' })
  join(
    @IdParam('id') id: string,
    @Body() { email }: JoinWaitingListRequest,
  ): Promise<{ id: string; waitsFor: Wait['for'] }> {
    return this.commands.execute(new JoinWaitingList(id, email));
  }

  @Delete(':subscriptionId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Takes somebody off the waiting list of a book' })
  async leave(@IdParam('id') id: string, @IdParam('subscriptionId') subscriptionId: string): Promise<void> {
    await this.commands.execute(new LeaveWaitingList(id, subscriptionId));
  }
}
