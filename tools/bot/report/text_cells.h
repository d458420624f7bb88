// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bot {

// Text for terminals, counted in cells. What servers and scenarios say must
// not move a cursor nor take two cells: it goes through Printable() first.

// `text` in one line: spaces for control characters and line ends, '?' for
// what is not UTF-8, may be wide or has no width; without `utf8` for all that
// is not ASCII. Latin, Greek, Cyrillic and Armenian stay.
std::string Printable(std::string_view text, bool utf8);

// Cells of a printable text.
size_t CellsOf(std::string_view printable);

// At most `width` cells, the last two of them dots where something was cut.
std::string Cut(std::string_view printable, size_t width);

// Exactly `width` cells, text to the left or to the right.
std::string PadRight(std::string_view printable, size_t width);
std::string PadLeft(std::string_view printable, size_t width);

}  // namespace bot
