import { Email } from '../platform/http/fields';

export class JoinWaitingListRequest {
  @Email() email: string;
}
