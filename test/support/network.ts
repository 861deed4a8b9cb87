import { AddressInfo, connect, createServer, NetConnectOpts, Server, Socket } from 'node:net';

/** A way to a server that may fall silent: whatever is sent is swallowed, and nobody is told. */
export class Network {
  private isSilent = false;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  /** @param target the address, or the path of the socket, that the way leads to */
  static async to(target: NetConnectOpts | string): Promise<Network> {
    const server = createServer();
    const network = new Network(server);
    server.on('connection', (near) => {
      const far = connect(target as string);
      network.join(near, far);
      network.join(far, near);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return network;
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port };
  }

  swallowEverything(): void {
    this.isSilent = true;
  }

  /** From now on everything arrives again; both ends have noticed by now that nothing came of what was under way. */
  recover(): void {
    this.isSilent = false;
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.recover();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.on('data', (bytes) => {
      if (!this.isSilent) to.write(bytes);
    });
    from.on('close', () => {
      this.sockets.delete(from);
      if (!this.isSilent) to.destroy();
    });
    // The other end is told by its being closed.
    from.on('error', () => undefined);
  }
}
