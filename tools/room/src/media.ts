// SPDX-License-Identifier: GPL-3.0-or-later
// Microphone, camera and screen of this machine. In test mode they are a tone
// and a picture made from the name, so that who is who can be measured.

export interface Capture {
  microphone?: MediaStreamTrack;
  camera?: MediaStreamTrack;
}

export interface TestIdentity {
  name: string;
  color: string; // CSS colour of the picture
}

const CAMERA: MediaTrackConstraints = {
  width: { ideal: 640 },
  height: { ideal: 360 },
  frameRate: { ideal: 30 },
};

// Why a device could not be had, in words for a person.
export function explain(error: unknown, what: string): string {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError') {
    return `The browser was not allowed to use the ${what}. Permit it in the address bar, or go on without.`;
  }
  if (name === 'NotFoundError') return `No ${what} was found. You can go on without.`;
  if (name === 'NotReadableError') return `The ${what} is in use by another program.`;
  return `The ${what} cannot be used: ${error instanceof Error ? error.message : String(error)}`;
}

export class Devices {
  constructor(private readonly test?: TestIdentity) {}

  async microphone(deviceId?: string): Promise<MediaStreamTrack> {
    if (this.test) return testTone(this.test.name);
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
      },
    });
    return stream.getAudioTracks()[0];
  }

  async camera(deviceId?: string): Promise<MediaStreamTrack> {
    if (this.test) return testPicture(this.test.color, 640, 360, 20);
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { ...CAMERA, ...(deviceId ? { deviceId: { exact: deviceId } } : {}) },
    });
    return stream.getVideoTracks()[0];
  }

  async screen(): Promise<MediaStreamTrack> {
    if (this.test) return testPicture('rgb(128,128,128)', 1280, 720, 5);
    const stream = await navigator.mediaDevices.getDisplayMedia({
      video: { frameRate: { max: 15 }, width: { max: 1920 }, height: { max: 1080 } },
    });
    const track = stream.getVideoTracks()[0];
    track.contentHint = 'detail';
    return track;
  }

  async list(): Promise<MediaDeviceInfo[]> {
    if (this.test || !navigator.mediaDevices) return [];
    return navigator.mediaDevices.enumerateDevices();
  }
}

// A colour that belongs to a name: one of eight that differ well.
export function colorOf(name: string): string {
  const colors = [
    'rgb(200,40,40)', 'rgb(40,180,40)', 'rgb(40,60,210)', 'rgb(200,180,30)',
    'rgb(180,40,190)', 'rgb(30,180,190)', 'rgb(230,120,30)', 'rgb(120,80,40)',
  ];
  let hash = 0;
  for (const character of name) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return colors[hash % colors.length];
}

function testPicture(color: string, width: number, height: number, fps: number): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d')!;
  let frame = 0;
  const draw = (): void => {
    context.fillStyle = color;
    context.fillRect(0, 0, width, height);
    // Something that moves, away from the centre where colours are measured.
    context.fillStyle = 'white';
    context.fillRect((frame * 8) % (width - 40), 10, 40, 40);
    context.fillText(String(frame), 10, height - 10);
    ++frame;
  };
  draw();
  const timer = setInterval(draw, 1000 / fps);
  const track = canvas.captureStream(fps).getVideoTracks()[0];
  const stop = track.stop.bind(track);
  track.stop = () => {
    clearInterval(timer);
    stop();
  };
  return track;
}

function testTone(name: string): MediaStreamTrack {
  const context = new AudioContext();
  const tone = context.createOscillator();
  const gain = context.createGain();
  let sum = 0;
  for (const character of name) sum += character.charCodeAt(0);
  tone.frequency.value = 300 + (sum % 12) * 60;
  gain.gain.value = 0.2;
  const output = context.createMediaStreamDestination();
  tone.connect(gain).connect(output);
  tone.start();
  return output.stream.getAudioTracks()[0];
}
