// SPDX-License-Identifier: GPL-3.0-or-later
// Line icons on a 24 by 24 grid.
const paths: Record<string, string> = {
  mic: '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5 11a7 7 0 0 0 14 0M12 18v3"/>',
  micOff: '<path d="M9 9v2a3 3 0 0 0 5 2M15 10V6a3 3 0 0 0-6-1M5 11a7 7 0 0 0 11 6M19 11a7 7 0 0 1-.5 2.500M12 18v3M3 3l18 18"/>',
  camera: '<rect x="3" y="6" width="12" height="12" rx="2"/><path d="m15 11 6-4v10l-6-4"/>',
  cameraOff: '<path d="M15 15v1a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2M10 6h3a2 2 0 0 1 2 2v3l6-4v10M3 3l18 18"/>',
  screen: '<rect x="3" y="4" width="18" height="12" rx="2"/><path d="M8 20h8M12 16v4M12 13V7m-3 3 3-3 3 3"/>',
  chat: '<path d="M4 5h16v11H9l-5 4z"/>',
  leave: '<path d="M4 15c5-5 11-5 16 0l-3 3-3-2v-3a9 9 0 0 0-4 0v3l-3 2z"/>',
  link: '<path d="M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1"/>',
  pin: '<path d="M9 3h6l-1 7 3 3H7l3-3zM12 13v8"/>',
  settings: '<circle cx="12" cy="12" r="3"/><path d="M12 3v3m0 12v3M3 12h3m12 0h3M6 6l2 2m8 8 2 2M18 6l-2 2M8 16l-2 2"/>',
  help: '<circle cx="12" cy="12" r="9"/><path d="M9.500 9a2.500 2.500 0 1 1 3.500 2.500c-.7.4-1 .9-1 1.500M12 17v.01"/>',
  close: '<path d="m6 6 12 12M18 6 6 18"/>',
};

export function icon(name: keyof typeof paths): SVGElement {
  const template = document.createElement('template');
  template.innerHTML =
    '<svg viewBox="0 0 24 24" width="22" height="22" fill="none" stroke="currentColor"' +
    ` stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${paths[name]}</svg>`;
  return template.content.firstElementChild as SVGElement;
}
