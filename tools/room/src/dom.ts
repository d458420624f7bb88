// SPDX-License-Identifier: GPL-3.0-or-later

type Child = Node | string | null | undefined | false;

// An HTML element with properties set and children appended.
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> & Record<string, unknown> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key in node) {
      (node as unknown as Record<string, unknown>)[key] = value;
    } else {
      node.setAttribute(key, String(value));
    }
  }
  node.append(...children.filter((child): child is Node | string => Boolean(child)));
  return node;
}
