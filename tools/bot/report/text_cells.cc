// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/text_cells.h"

#include <algorithm>
#include <cstdint>

namespace bot {
namespace {

constexpr uint32_t kBad = 0;

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

// Takes one code point of at most two bytes from the front of `text`; kBad for
// what is longer, of which all bytes are taken, or no UTF-8 (RFC 3629 s3).
uint32_t TakeCodePoint(std::string_view* text) {
  const auto first = static_cast<uint8_t>(text->front());
  text->remove_prefix(1);
  if (first < 0x80) return first;
  uint32_t code_point = first & 0x1f;
  size_t more = 0;
  while (!text->empty() && IsContinuation(text->front()) && more < 3) {
    code_point = code_point << 6 | (static_cast<uint8_t>(text->front()) & 0x3f);
    text->remove_prefix(1);
    ++more;
  }
  return first >= 0xc2 && first < 0xe0 && more == 1 ? code_point : kBad;
}

// Letters and signs that take one cell everywhere.
bool IsPlain(uint32_t c) {
  return (c >= 0xa1 && c < 0x300 && c != 0xad) || (c >= 0x370 && c <= 0x482) ||
         (c >= 0x48a && c < 0x590);
}

}  // namespace

std::string Printable(std::string_view text, bool utf8) {
  std::string printable;
  while (!text.empty()) {
    const std::string_view before = text;
    const uint32_t c = TakeCodePoint(&text);
    const size_t bytes = before.size() - text.size();
    if (bytes == 1 && c != kBad) {
      printable += c < 0x20 || c == 0x7f ? ' ' : static_cast<char>(c);
    } else if (bytes == 1 && before.front() == '\0') {
      printable += ' ';
    } else if (utf8 && IsPlain(c)) {
      printable += before.substr(0, bytes);
    } else {
      printable += '?';
    }
  }
  return printable;
}

size_t CellsOf(std::string_view printable) {
  return static_cast<size_t>(
      std::count_if(printable.begin(), printable.end(),
                    [](char c) { return !IsContinuation(c); }));
}

std::string Cut(std::string_view printable, size_t width) {
  if (CellsOf(printable) <= width) return std::string(printable);
  const size_t dots = std::min<size_t>(2, width);
  size_t cells = 0;
  size_t end = 0;
  while (end < printable.size() &&
         (cells < width - dots || IsContinuation(printable[end]))) {
    ++end;
    if (end < printable.size() && !IsContinuation(printable[end])) ++cells;
  }
  return std::string(printable.substr(0, end)) + std::string(dots, '.');
}

std::string PadRight(std::string_view printable, size_t width) {
  std::string cut = Cut(printable, width);
  cut.append(width - CellsOf(cut), ' ');
  return cut;
}

std::string PadLeft(std::string_view printable, size_t width) {
  const std::string cut = Cut(printable, width);
  return std::string(width - CellsOf(cut), ' ') + cut;
}

}  // namespace bot
