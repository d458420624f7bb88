// SPDX-License-Identifier: GPL-3.0-or-later
// One Jingle session with the room: a microphone, a camera and a screen up,
// some slots of each kind down. stanza.js does the signalling.
import type { Agent } from 'stanza';
import type MediaSession from 'stanza/jingle/MediaSession';

const AUDIO_SLOTS = 3; // that of the microphone's content among them
const VIDEO_SLOTS = 9; // that of the camera's content among them

const CAMERA_KBPS = 900;
const SCREEN_KBPS = 1800;

export interface Stats {
  received: number; // grows with whatever comes, RTCP and all
  srtpCipher: string;
  inbound: Map<string, InboundStats>; // by content
}

export interface InboundStats {
  kind: string;
  packets: number;
  framesDecoded: number;
  freezes: number;
  freezeSeconds: number;
  codec: string;
  width: number;
  height: number;
  audioEnergy: number;
}

// Keeps the offer small: what every room has, and one more video codec.
function prefer(transceiver: RTCRtpTransceiver, kind: 'audio' | 'video'): void {
  const wanted = kind === 'audio' ? /^audio\/opus$/i : /^video\/(VP8|rtx)$/i;
  const codecs = RTCRtpReceiver.getCapabilities(kind)?.codecs.filter((codec) =>
    wanted.test(codec.mimeType),
  );
  if (codecs?.length) transceiver.setCodecPreferences(codecs);
}

// Lets the session-initiate carry what stanza.js does not know of.
function addToCall(session: MediaSession, extra: object): void {
  const send = session.send.bind(session);
  session.send = (action, data) =>
    send(action, action === 'session-initiate' ? { ...data, ...extra } : data);
}

export class Call {
  readonly session: MediaSession;
  private readonly microphone: RTCRtpTransceiver;
  private readonly camera: RTCRtpTransceiver;
  private readonly screenShare: RTCRtpTransceiver;
  private readonly streams = new Map<string, MediaStream>();
  private readonly sinks: HTMLAudioElement[] = [];

  constructor(
    agent: Agent,
    readonly room: string,
    onConnectionState: (state: RTCPeerConnectionState) => void,
    password = '', // of the room
  ) {
    this.session = agent.jingle.createMediaSession(room) as MediaSession;
    if (password) addToCall(this.session, { join: { password } });
    const pc = this.session.pc;
    this.microphone = pc.addTransceiver('audio', { direction: 'sendrecv' });
    this.camera = pc.addTransceiver('video', {
      direction: 'sendrecv',
      sendEncodings: [{ maxBitrate: CAMERA_KBPS * 1000, scalabilityMode: 'L1T2' }] as unknown as RTCRtpEncodingParameters[],
    });
    this.screenShare = pc.addTransceiver('video', {
      direction: 'sendonly',
      sendEncodings: [{ maxBitrate: SCREEN_KBPS * 1000 }],
    });
    for (let i = 1; i < AUDIO_SLOTS; ++i) pc.addTransceiver('audio', { direction: 'recvonly' });
    for (let i = 1; i < VIDEO_SLOTS; ++i) pc.addTransceiver('video', { direction: 'recvonly' });
    for (const transceiver of pc.getTransceivers()) {
      prefer(transceiver, transceiver.receiver.track.kind as 'audio' | 'video');
    }
    pc.addEventListener('connectionstatechange', () => onConnectionState(pc.connectionState));
  }

  async start(): Promise<void> {
    await this.session.start();
    for (const transceiver of this.session.pc.getTransceivers()) {
      if (transceiver.receiver.track.kind !== 'audio') continue;
      const sink = new Audio();
      sink.autoplay = true;
      sink.srcObject = new MediaStream([transceiver.receiver.track]);
      this.sinks.push(sink);
    }
  }

  async setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    await this.microphone.sender.replaceTrack(track);
  }
  async setCamera(track: MediaStreamTrack | null): Promise<void> {
    await this.camera.sender.replaceTrack(track);
  }
  async setScreen(track: MediaStreamTrack | null): Promise<void> {
    await this.screenShare.sender.replaceTrack(track);
  }

  // The content names, as the room knows them.
  get contents(): { microphone: string; camera: string; screen: string } {
    return {
      microphone: this.microphone.mid ?? '0',
      camera: this.camera.mid ?? '1',
      screen: this.screenShare.mid ?? '2',
    };
  }

  // Video contents that we receive on.
  get videoSlots(): string[] {
    return this.session.pc
      .getTransceivers()
      .filter((t) => t.receiver.track.kind === 'video' && t !== this.screenShare)
      .map((t) => t.mid ?? '');
  }

  // The stream that arrives on a content; the same object each time.
  streamOf(content: string): MediaStream | null {
    const transceiver = this.session.pc.getTransceivers().find((t) => t.mid === content);
    if (!transceiver) return null;
    let stream = this.streams.get(content);
    if (!stream) {
      stream = new MediaStream([transceiver.receiver.track]);
      this.streams.set(content, stream);
    }
    return stream;
  }

  async stats(): Promise<Stats> {
    const pc = this.session.pc;
    const report = await pc.getStats();
    const entries: Record<string, any>[] = [];
    report.forEach((entry) => entries.push(entry));
    const transport = entries.find((entry) => entry.type === 'transport');
    const stats: Stats = {
      // Firefox does not count packets of transports.
      received: transport?.packetsReceived ??
        entries.reduce((sum, entry) => sum + (entry.type === 'candidate-pair' ? entry.bytesReceived ?? 0 : 0), 0),
      srtpCipher: transport?.srtpCipher ?? '',
      inbound: new Map(),
    };
    for (const entry of entries) {
      if (entry.type !== 'inbound-rtp' || entry.mid === undefined) continue;
      stats.inbound.set(entry.mid, {
        kind: entry.kind,
        packets: entry.packetsReceived ?? 0,
        framesDecoded: entry.framesDecoded ?? 0,
        freezes: entry.freezeCount ?? 0,
        freezeSeconds: entry.totalFreezesDuration ?? 0,
        codec: entries.find((codec) => codec.id === entry.codecId)?.mimeType ?? '',
        width: entry.frameWidth ?? 0,
        height: entry.frameHeight ?? 0,
        audioEnergy: entry.totalAudioEnergy ?? 0,
      });
    }
    return stats;
  }

  // Ends it here; tells the room unless it is silent.
  close(silent: boolean): void {
    for (const sink of this.sinks) sink.srcObject = null;
    this.session.end('success', silent);
    this.session.pc.close();
  }
}
