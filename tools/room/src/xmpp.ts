// SPDX-License-Identifier: GPL-3.0-or-later
// The XMPP connection: anonymous login over the page's own WebSocket, kept up
// by reconnecting, with plain IQs for what stanza.js has no types for.
import { JXT, SASL, createClient, type Agent, type AgentConfig } from 'stanza';
import { ROOM_NS, element, readRoomMessage, type RoomMessage } from './room_xml.ts';

export interface ServerConfig {
  websocket: string;
  guest_domain: string;
  component: string;
  muc: string;
}

export class IqError extends Error {
  constructor(
    readonly condition: string, // RFC 6120 s8.3, or 'timeout', 'disconnected'
    text: string,
  ) {
    super(text || condition);
  }
}

// A connection that is not made by then is given up: a lost SYN is sent again
// ever more seldom.
const CONNECT_MS = 6_000;
const ANSWER_MS = 10_000;
// An answer to a ping, on a connection that may be dead.
const PING_MS = 4_000;

interface XmppEvents {
  onOnline(): void;
  onOffline(): void;
  onRoomMessage(from: string, message: RoomMessage): void;
  // An error to a request that stanza.js made.
  onRefused(from: string, error: IqError): void;
}

// What an XMPP server answers for a component that is not connected to it, and
// a server that is going away to who wants to join.
export function saysAway(condition: string): boolean {
  return /^(service-unavailable|remote-server-(timeout|not-found))$/.test(condition);
}

export class Xmpp {
  readonly agent: Agent;
  online = false;
  private readonly pending = new Map<string, (stanza: Element | IqError) => void>();
  private attempts = 0;
  private stopped = false;
  private nextId = 1;
  private connecting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    config: ServerConfig,
    private readonly events: XmppEvents,
  ) {
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    this.agent = createClient({
      server: config.guest_domain,
      autoReconnect: false,
      // Anonymous addresses do not outlive the server; the room has its own
      // way to go on (resume).
      useStreamManagement: false,
      // One transport, so candidates are gathered and sent once, not per slot.
      jingle: { bundlePolicy: 'max-bundle' },
      transports: { websocket: `${scheme}//${location.host}${config.websocket}`, bosh: false },
    } as unknown as AgentConfig);
    // ejabberd offers PLAIN too, and stanza.js would rather have that.
    this.agent.sasl = new SASL.Factory();
    this.agent.sasl.register('ANONYMOUS', SASL.ANONYMOUS, 1);
    this.agent.jingle.resetICEServers();
    // What a session-initiate says to a room that has a password.
    this.agent.stanzas.define({
      element: 'join',
      namespace: ROOM_NS,
      path: 'iq.jingle.join',
      fields: { password: JXT.attribute('password') },
    });
    this.agent.on('session:started', () => {
      clearTimeout(this.connecting);
      this.online = true;
      this.attempts = 0;
      this.events.onOnline();
    });
    this.agent.on('disconnected', () => this.onDisconnected());
    this.agent.on('raw:incoming', (data: string) => this.onRaw(data));
  }

  connect(): void {
    this.stopped = false;
    this.open();
  }

  private open(): void {
    clearTimeout(this.connecting);
    this.connecting = setTimeout(() => this.abandon(), CONNECT_MS);
    this.agent.connect();
  }

  // Closes the connection without waiting for a far end that may not be there.
  private abandon(): void {
    this.agent.transport?.disconnect(false);
  }

  disconnect(): void {
    this.stopped = true;
    this.agent.disconnect();
  }

  private onDisconnected(): void {
    const was = this.online;
    clearTimeout(this.connecting);
    this.online = false;
    for (const answer of this.pending.values()) answer(new IqError('disconnected', ''));
    this.pending.clear();
    if (was) this.events.onOffline();
    if (this.stopped) return;
    const wait = Math.min(500 * 2 ** this.attempts++, 5_000) * (0.5 + Math.random());
    setTimeout(() => !this.stopped && !this.online && this.open(), wait);
  }

  private onRaw(data: string): void {
    const isIq = data.startsWith('<iq');
    const wanted =
      data.includes(ROOM_NS) ||
      (isIq && (this.pending.size > 0 || /type=['"]error['"]/.test(data.slice(0, 400))));
    if (!wanted) return;
    const stanza = new DOMParser().parseFromString(data, 'text/xml').documentElement;
    if (stanza.localName === 'message') {
      const message = readRoomMessage(stanza);
      if (message) this.events.onRoomMessage(stanza.getAttribute('from') ?? '', message);
    } else if (stanza.localName === 'iq') {
      const type = stanza.getAttribute('type');
      const answer = this.pending.get(stanza.getAttribute('id') ?? '');
      if (answer && (type === 'result' || type === 'error')) {
        answer(stanza);
      } else if (type === 'error') {
        this.events.onRefused(stanza.getAttribute('from') ?? '', readError(stanza));
      }
    }
  }

  // Sends a stanza as it is.
  send(stanza: Element): void {
    const transport = this.agent.transport as unknown as { write(data: string): void };
    if (this.online) transport.write(new XMLSerializer().serializeToString(stanza));
  }

  // Asks whether somebody is there (XEP-0199). If nothing comes back the
  // connection is dead however open it looks, and is made anew.
  async probe(to: string): Promise<'there' | 'away' | 'disconnected'> {
    try {
      await this.request(to, element('ping', {}, [], 'urn:xmpp:ping'), 'get', PING_MS);
      return 'there';
    } catch (error) {
      const condition = error instanceof IqError ? error.condition : 'disconnected';
      if (condition === 'timeout') this.abandon();
      if (condition === 'timeout' || condition === 'disconnected') return 'disconnected';
      return saysAway(condition) ? 'away' : 'there';
    }
  }

  // Sends an IQ and waits for its result. Rejects with IqError.
  async request(to: string, payload: Element, type = 'set', wait = ANSWER_MS): Promise<void> {
    if (!this.online) throw new IqError('disconnected', '');
    const id = `room-${this.nextId++}-${Math.random().toString(36).slice(2)}`;
    const iq = document.implementation.createDocument('jabber:client', 'iq').documentElement;
    for (const [key, value] of Object.entries({ type, id, to })) iq.setAttribute(key, value);
    iq.append(payload);
    const answered = new Promise<Element | IqError>((resolve) => {
      this.pending.set(id, resolve);
      setTimeout(() => resolve(new IqError('timeout', 'no answer')), wait);
    });
    this.send(iq);
    const answer = await answered;
    this.pending.delete(id);
    if (answer instanceof IqError) throw answer;
    if (answer.getAttribute('type') === 'error') throw readError(answer);
  }
}

function readError(iq: Element): IqError {
  const error = [...iq.children].find((child) => child.localName === 'error');
  const condition = [...(error?.children ?? [])].find((child) => child.localName !== 'text');
  const text = [...(error?.children ?? [])].find((child) => child.localName === 'text');
  return new IqError(condition?.localName ?? 'undefined-condition', text?.textContent ?? '');
}
