/** The part of an answer that a route may touch itself: its headers. */
export interface Reply {
  header(name: string, value: string): unknown;
}
