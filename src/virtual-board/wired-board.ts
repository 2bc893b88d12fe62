import type { Disposable } from '../base/disposable.ts';
import type { Event } from '../base/emitter.ts';
import type { LineBinding } from '../serial/serial-transport.ts';
import type { AppOptions, BoardSetup } from './board-setup.ts';
import type { BoardState } from './board-state.ts';
import type { FlashLayout } from './flash-layout.ts';
import type { BoardKnobs } from './knobs.ts';
import { withSerialPort } from './loader/board-firmware.ts';
import { boardBinding } from './loader/line-binding.ts';
import type { LineServer } from './loader/listening.ts';
import { serveRfc2217 } from './loader/rfc2217-server.ts';
import type { SerialBoard } from './loader/serial-board.ts';
import { serveSocket } from './loader/socket-server.ts';
import { VirtualBoard } from './virtual-board.ts';

/** A whole virtual development board: the chip with what it runs, its serial port, and a cable. Off until {@link WiredBoard.powerOn}.
 * @throws {OtaError} `board.badSetup`, `board.flashOutOfRange` from the constructor */
export class WiredBoard implements Disposable {
  readonly #board: VirtualBoard;
  readonly #line: SerialBoard;
  readonly #servers = new Map<'socket' | 'rfc2217', Promise<LineServer>>();

  constructor(setup: BoardSetup) {
    this.#board = new VirtualBoard(setup);
    this.#line = withSerialPort(this.#board);
  }

  get state(): BoardState {
    return this.#board.state;
  }

  get layout(): FlashLayout {
    return this.#board.layout;
  }

  get onConsole(): Event<Uint8Array> {
    return this.#board.onConsole;
  }

  get onLine(): Event<string> {
    return this.#board.onLine;
  }

  get onStateChange(): Event<BoardState> {
    return this.#board.onStateChange;
  }

  ownsPort(port: number): boolean {
    return this.#board.ownsPort(port);
  }

  /** Plugs the cable in: supply and line. */
  powerOn(): void {
    this.#line.plugIn();
  }

  /** Pulls the cable. */
  powerOff(): void {
    this.#line.unplug();
  }

  /** Presses the EN button. */
  restart(): void {
    this.#line.pressReset();
  }

  triggerUpdate(): void {
    this.#board.triggerUpdate();
  }

  /** Makes its application read through a null pointer. */
  crash(): void {
    this.#board.crash();
  }

  sendConsole(text: string): void {
    this.#board.sendConsole(text);
  }

  configure(changes: { readonly app?: Partial<AppOptions>; readonly knobs?: BoardKnobs }): void {
    this.#board.configure(changes);
  }

  /** The port as a driver of this process sees it, under the path given. */
  binding(path: string): LineBinding {
    return boardBinding([{ path, board: this.#line }]);
  }

  /** Makes the port reachable over TCP on this computer; the same kind again gives the same server. Gives its address.
   * @throws {OtaError} `board.cannotListen` */
  async listen(kind: 'socket' | 'rfc2217', port = 0): Promise<string> {
    const running = this.#servers.get(kind);
    if (running !== undefined) return (await running).address;
    const starting = kind === 'socket' ? serveSocket(this.#line, { port }) : serveRfc2217(this.#line, { port });
    this.#servers.set(kind, starting);
    try {
      return (await starting).address;
    } catch (error) {
      this.#servers.delete(kind);
      throw error;
    }
  }

  dispose(): void {
    for (const server of this.#servers.values()) {
      server.then(
        (one) => {
          one.dispose();
        },
        () => undefined,
      );
    }
    this.#line.dispose();
    this.#board.dispose();
  }
}
