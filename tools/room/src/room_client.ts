// SPDX-License-Identifier: GPL-3.0-or-later
// A participant: joins a room, keeps the call and the chat going, comes back by
// itself after any break.
import { Call, type Stats } from './call.ts';
import { colorOf, Devices, explain, type TestIdentity } from './media.ts';
import {
  applyRoster,
  applySlots,
  applySpeakers,
  deniedToUs,
  emptyState,
  expectsMedia,
  type RoomState,
} from './room_state.ts';
import { element, type RoomMessage } from './room_xml.ts';
import { IqError, saysAway, Xmpp, type ServerConfig } from './xmpp.ts';

export type Connection = 'idle' | 'joining' | 'connected' | 'reconnecting' | 'failed' | 'left';

export interface ChatLine {
  nick: string;
  text: string;
  own: boolean;
  at: number; // ms since the epoch
}

export interface RoomEvents {
  onChange(): void;
  onNotice(text: string): void;
}

const NICK_NS = 'http://jabber.org/protocol/nick';
const JINGLE_NS = 'urn:xmpp:jingle:1';

// Nothing heard for so long: ask whether the room still knows us.
const QUIET_MS = 2000;
// And for so long: join anew.
const DEAD_MS = 7000;
// The room was too busy for us, although we had been in.
const BUSY_MS = 8000;
// Until the first new call, more or less; doubled each time, up to the longest.
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 5000;
// A call that is not connected by then is made anew.
const CALL_MS = 15_000;

export class RoomClient {
  state: RoomState = emptyState();
  connection: Connection = 'idle';
  failure = ''; // why, if 'failed'
  wantsPassword = false; // that is why: the room has one
  call: Call | undefined;
  chat: ChatLine[] = [];
  microphone: MediaStreamTrack | null = null;
  camera: MediaStreamTrack | null = null;
  screen: MediaStreamTrack | null = null;
  micMuted = false;
  lastStats: Stats | undefined;
  name = '';
  room = '';
  readonly devices: Devices;

  private readonly xmpp: Xmpp;
  private readonly roomJid: string;
  private readonly mucJid: string;
  private chatNick = '';
  private chatJoined = false;
  private heardAt = performance.now();
  private heardAmount = 0;
  private askedAt = 0;
  private password = ''; // of the room
  private joined = false; // at least once
  private mayResume = false; // the call outlived an XMPP connection
  private rejoinTimer: ReturnType<typeof setTimeout> | undefined;
  private callTimer: ReturnType<typeof setTimeout> | undefined;
  private retries = 0; // since it was connected
  private entry = 0; // counts attempts to resume or call: the last one wins
  private readonly watch: ReturnType<typeof setInterval>;

  constructor(
    config: ServerConfig,
    room: string,
    name: string,
    private readonly events: RoomEvents,
    test?: TestIdentity,
  ) {
    this.room = room;
    this.name = name;
    this.devices = new Devices(test);
    this.roomJid = `${room}@${config.component}`;
    this.mucJid = `${room}@${config.muc}`;
    this.xmpp = new Xmpp(config, {
      onOnline: () => void this.onOnline(),
      onOffline: () => this.onOffline(),
      onRoomMessage: (from, message) => this.onRoomMessage(from, message),
      onRefused: (from, error) => this.onRefused(from, error),
    });
    this.xmpp.agent.jingle.on('terminated', (session: unknown, reason: any) => {
      if (session !== this.call?.session) return;
      this.onTerminated(reason?.condition ?? '', reason?.text ?? '');
    });
    this.xmpp.agent.on('groupchat', (message) => this.onChat(message));
    this.xmpp.agent.on('muc:failed', () => this.retryChatNick());
    this.watch = setInterval(() => void this.checkMedia(), 500);
  }

  // What a moderator does not let us send: 'audio', 'video'.
  get denied(): Set<string> {
    return deniedToUs(this.state);
  }

  // Whether the XMPP stream is up.
  get online(): boolean {
    return this.xmpp.online;
  }

  join(): void {
    this.set('joining');
    this.xmpp.connect();
  }

  // Once the room asked for one.
  enterPassword(password: string): void {
    if (!this.wantsPassword) return;
    this.wantsPassword = false;
    this.password = password;
    this.set('joining');
    if (this.xmpp.online) void this.startCall();
  }

  leave(): void {
    if (this.connection === 'left') return;
    this.set('left');
    clearInterval(this.watch);
    clearTimeout(this.rejoinTimer);
    clearTimeout(this.callTimer);
    this.call?.close(false);
    for (const track of [this.microphone, this.camera, this.screen]) track?.stop();
    // Once the session-terminate is on its way.
    setTimeout(() => this.xmpp.disconnect(), 100);
  }

  private set(connection: Connection, failure = ''): void {
    this.connection = connection;
    this.failure = failure;
    this.events.onChange();
  }

  // ---- connection ----

  private async onOnline(): Promise<void> {
    this.xmpp.agent.sendPresence();
    this.joinChat();
    this.mayResume = true;
    await this.resumeOrStart();
  }

  private onOffline(): void {
    this.chatJoined = false;
    // Or stanza.js would join them again besides us, and leave its failures to
    // nobody.
    this.xmpp.agent.joinedRooms.clear();
    this.xmpp.agent.joiningRooms.clear();
    if (this.connection !== 'left') this.set('reconnecting');
  }

  // After the XMPP connection broke the call may still be going on: then it is
  // only to be told where we are now.
  private async resumeOrStart(): Promise<void> {
    const entry = ++this.entry;
    clearTimeout(this.rejoinTimer);
    this.rejoinTimer = undefined;
    if (this.mayResume && this.call && this.state.resumeToken) {
      try {
        await this.xmpp.request(
          this.roomJid,
          element('resume', { token: this.state.resumeToken, sid: this.call.session.sid }),
        );
        if (entry !== this.entry || this.connection === 'left') return;
        this.mayResume = false;
        this.announceName(); // or the room would not learn when we go away
        this.onConnected();
        return;
      } catch (error) {
        if (entry !== this.entry || this.connection === 'left') return;
        if (!(error instanceof IqError) || error.condition !== 'item-not-found') {
          // The room itself is away: it comes back later than its XMPP server.
          return this.rejoinSoon(String(error));
        }
      }
    }
    await this.startCall();
  }

  private announceName(): void {
    const presence = element('presence', { to: this.roomJid }, [], 'jabber:client');
    const nick = element('nick', {}, [], NICK_NS);
    nick.textContent = this.name;
    presence.append(nick);
    this.xmpp.send(presence);
  }

  private onConnected(): void {
    clearTimeout(this.callTimer);
    this.retries = 0;
    this.heardAt = performance.now();
    this.set('connected');
  }

  private async startCall(): Promise<void> {
    this.mayResume = false;
    const before = this.call;
    this.call = undefined; // its end is no reason to call once more
    before?.close(true);
    clearTimeout(this.callTimer);
    this.callTimer = setTimeout(() => this.rejoinSoon('no connection came about'), CALL_MS);
    this.announceName();
    const call = new Call(this.xmpp.agent, this.roomJid, (state) => {
      if (this.call !== call) return;
      if (state === 'connected') {
        this.joined = true;
        this.onConnected();
      } else if (state === 'failed') {
        this.mayResume = false;
        this.rejoinSoon('the connection was lost');
      }
    }, this.password);
    this.call = call;
    this.heardAt = performance.now();
    this.heardAmount = 0;
    try {
      await call.setMicrophone(this.microphone);
      await call.setCamera(this.camera);
      await call.setScreen(this.screen);
      await call.start();
      await this.publish();
    } catch (error) {
      if (this.call === call) this.rejoinSoon(String(error));
    }
  }

  private onTerminated(condition: string, text: string): void {
    if (this.connection === 'left') return;
    if (condition === 'decline') {
      return this.set('failed', text ? sentence(text) : 'You were removed from the room.');
    }
    if (condition === 'alternative-session') return;
    if (condition === 'incompatible-parameters' || condition === 'security-error') {
      return this.set('failed', `This browser and the server do not fit (${condition}).`);
    }
    this.rejoinSoon(condition);
  }

  private onRefused(from: string, error: IqError): void {
    if (from !== this.roomJid || this.connection === 'left') return;
    if (saysAway(error.condition)) {
      if (this.retries < 2) this.events.onNotice('The media server is away. Trying again.');
      return this.rejoinSoon(error.condition);
    }
    switch (error.condition) {
      case 'resource-constraint':
        if (this.connection === 'connected') return;
        if (this.joined) return this.rejoinSoon(error.condition, BUSY_MS);
        return this.set('failed', `You cannot join: ${error.message}.`);
      case 'not-authorized':
        this.wantsPassword = true;
        return this.set('failed', this.password ? 'The password is wrong.' : 'The room has a password.');
      case 'forbidden':
      case 'not-allowed':
        return this.set('failed', `You cannot join: ${error.message}.`);
      case 'item-not-found':
        return this.rejoinSoon(error.condition);
    }
  }

  private rejoinSoon(_why: string, least = 0): void {
    if (this.connection === 'left' || this.connection === 'failed') return;
    this.set('reconnecting');
    if (this.rejoinTimer !== undefined) return;
    const step = Math.min(RETRY_MS * 2 ** this.retries++, LONGEST_RETRY_MS);
    this.rejoinTimer = setTimeout(
      () => void this.rejoin(), least + step * (0.5 + Math.random()));
  }

  // Not before the room answers: calls that pile up in a dead connection would
  // all reach it at once. A new connection begins in onOnline().
  private async rejoin(): Promise<void> {
    const { entry } = this;
    const waiting = () =>
      this.connection === 'reconnecting' && this.xmpp.online && entry === this.entry;
    const room = waiting() ? await this.xmpp.probe(this.roomJid) : 'disconnected';
    if (entry === this.entry) this.rejoinTimer = undefined;
    if (!waiting()) return;
    if (room === 'away') this.rejoinSoon('the room is away');
    if (room === 'there') await this.resumeOrStart();
  }

  // Finds out that nothing arrives any more before the browser does.
  private async checkMedia(): Promise<void> {
    const call = this.call;
    if (!call || call.session.pc.connectionState === 'closed') return;
    const stats = await call.stats().catch(() => undefined);
    if (!stats || call !== this.call) return;
    this.lastStats = stats;
    const now = performance.now();
    if (stats.received !== this.heardAmount) {
      this.heardAmount = stats.received;
      this.heardAt = now;
      return;
    }
    const quiet = now - this.heardAt;
    const joined = this.connection === 'connected' || this.connection === 'reconnecting';
    if (!joined || !this.xmpp.online || !expectsMedia(this.state)) return;
    if (quiet > DEAD_MS) {
      this.heardAt = now;
      this.mayResume = false;
      this.rejoinSoon('nothing is heard');
    } else if (quiet > QUIET_MS && now - this.askedAt > QUIET_MS) {
      this.askedAt = now;
      const ping = element('jingle', { action: 'session-info', sid: call.session.sid }, [], JINGLE_NS);
      this.xmpp.request(this.roomJid, ping).catch((error) => {
        const gone =
          error instanceof IqError && error.condition !== 'timeout' && error.condition !== 'disconnected';
        if (gone && call === this.call) this.rejoinSoon(error.condition);
      });
    }
  }

  private onRoomMessage(from: string, message: RoomMessage): void {
    if (from !== this.roomJid) return;
    switch (message.kind) {
      case 'roster':
        this.state = applyRoster(this.state, message.update);
        break;
      case 'speakers':
        this.state = applySpeakers(this.state, message.dominant, message.speaking);
        break;
      case 'slots':
        this.state = applySlots(this.state, message.slots);
        break;
    }
    this.events.onChange();
  }

  // ---- what we send ----

  private async publish(): Promise<void> {
    if (!this.call) return;
    const contents = this.call.contents;
    const source = (content: string, type: string, muted: boolean): Element =>
      element('source', { content, type, muted: String(muted) });
    await this.xmpp
      .request(
        this.roomJid,
        element('publish', {}, [
          source(contents.microphone, 'microphone', this.micMuted || !this.microphone),
          source(contents.camera, 'camera', !this.camera),
          source(contents.screen, 'screen', !this.screen),
        ]),
      )
      .catch(() => undefined); // said again with the next change or join
  }

  async setMicMuted(muted: boolean): Promise<void> {
    this.micMuted = muted;
    try {
      if (!muted && !this.microphone) await this.useMicrophone();
    } catch (error) {
      this.micMuted = true;
      this.events.onNotice(explain(error, 'microphone'));
    }
    if (this.microphone) this.microphone.enabled = !this.micMuted;
    this.events.onChange();
    await this.publish();
  }

  async useMicrophone(deviceId?: string): Promise<void> {
    const track = await this.devices.microphone(deviceId);
    this.microphone?.stop();
    this.microphone = track;
    track.enabled = !this.micMuted;
    await this.call?.setMicrophone(track);
  }

  async setCameraOn(on: boolean, deviceId?: string): Promise<void> {
    try {
      const track = on ? await this.devices.camera(deviceId) : null;
      this.camera?.stop(); // lets go of the device, and its light
      this.camera = track;
      await this.call?.setCamera(track);
    } catch (error) {
      this.events.onNotice(explain(error, 'camera'));
    }
    this.events.onChange();
    await this.publish();
  }

  async setScreenShared(on: boolean): Promise<void> {
    try {
      const track = on ? await this.devices.screen() : null;
      this.screen?.stop();
      this.screen = track;
      track?.addEventListener('ended', () => void this.setScreenShared(false));
      await this.call?.setScreen(track);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'NotAllowedError')) {
        this.events.onNotice(explain(error, 'screen'));
      }
    }
    this.events.onChange();
    await this.publish();
  }

  // Asks for some sources first, and for no more pixels than are shown.
  async setWishes(pins: string[], heights: Map<string, number>): Promise<void> {
    if (!this.call || !this.xmpp.online) return;
    const known = new Set(this.call.videoSlots);
    await this.xmpp
      .request(
        this.roomJid,
        element('receive', {}, [
          ...pins.map((source) => element('pin', { source })),
          ...[...heights]
            .filter(([content]) => known.has(content))
            .map(([content, height]) => element('slot', { content, 'max-height': String(height) })),
        ]),
      )
      .catch(() => undefined);
  }

  // ---- chat ----

  private joinChat(): void {
    this.chatNick = this.chatNick || this.name;
    this.chatJoined = false;
    this.xmpp.agent
      .joinRoom(this.mucJid, this.chatNick, {
        muc: { type: 'join', history: { maxStanzas: 20 } },
      } as never)
      .then(() => (this.chatJoined = true))
      .catch(() => undefined);
  }

  private retryChatNick(): void {
    if (this.chatJoined || this.connection === 'left') return;
    this.chatNick = `${this.name} ${Math.floor(Math.random() * 900 + 100)}`;
    this.joinChat();
  }

  sendChat(text: string): boolean {
    if (!this.xmpp.online || text.trim() === '') return false;
    this.xmpp.agent.sendMessage({ to: this.mucJid, type: 'groupchat', body: text.slice(0, 4000) });
    return true;
  }

  private onChat(message: any): void {
    const [bare, nick] = String(message.from).split(/\/(.*)/s);
    if (bare !== this.mucJid || !message.body || !nick) return;
    this.chat.push({
      nick,
      text: message.body,
      own: nick === this.chatNick,
      at: message.delay?.timestamp ? Number(new Date(message.delay.timestamp)) : Date.now(),
    });
    if (this.chat.length > 500) this.chat.shift();
    this.events.onChange();
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

export function testIdentity(parameters: URLSearchParams): TestIdentity | undefined {
  if (parameters.get('test') !== '1') return undefined;
  const name = parameters.get('name') ?? 'Tester';
  return { name, color: parameters.get('color') ?? colorOf(name) };
}
