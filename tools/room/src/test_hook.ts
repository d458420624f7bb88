// SPDX-License-Identifier: GPL-3.0-or-later
// window.carillon, in test mode only (README.md of this folder).
import type { RoomClient } from './room_client.ts';
import { tilesOf } from './room_state.ts';
import type { RoomView } from './room_view.ts';

export function installTestHook(client: RoomClient, view: RoomView): void {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 8;
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  // The average colour of the middle of a tile's picture, [r, g, b].
  const colorOfTile = (key: string): number[] | null => {
    const video = view.tile(key)?.video;
    if (!video || video.videoWidth === 0) return null;
    const { videoWidth: width, videoHeight: height } = video;
    context.drawImage(video, width * 0.4, height * 0.4, width * 0.2, height * 0.2, 0, 0, 8, 8);
    const data = context.getImageData(0, 0, 8, 8).data;
    const sum = [0, 0, 0];
    for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; ++c) sum[c] += data[i + c];
    return sum.map((value) => Math.round(value / 64));
  };
  const hook = {
    // What a snapshot has, and costs less.
    phase: () => ({
      connection: client.connection,
      online: client.online,
      sid: client.call?.session.sid ?? '',
    }),
    snapshot() {
      const tiles = tilesOf(client.state);
      return {
        connection: client.connection,
        failure: client.failure,
        wantsPassword: client.wantsPassword,
        denied: [...client.denied],
        self: client.state.self,
        dominant: client.state.dominant,
        speaking: [...client.state.speaking],
        participants: [...client.state.participants.values()],
        slots: [...client.state.slots],
        srtpCipher: client.lastStats?.srtpCipher ?? '',
        chat: client.chat,
        sid: client.call?.session.sid ?? '',
        inbound: [...(client.lastStats?.inbound ?? [])],
        tiles: tiles.map((tile) => ({
          ...tile,
          color: colorOfTile(tile.key),
          stats: client.lastStats?.inbound.get(tile.content) ?? null,
        })),
      };
    },
    setMuted: (muted: boolean) => client.setMicMuted(muted),
    setCamera: (on: boolean) => client.setCameraOn(on),
    shareScreen: (on: boolean) => client.setScreenShared(on),
    pin: (key: string) => view.pin(key),
    sendChat: (text: string) => client.sendChat(text),
    leave: () => client.leave(),
  };
  (window as unknown as { carillon: typeof hook }).carillon = hook;
}
