// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace signaling {

// Makes stanzas that nobody would send of stanzas that somebody sent. The same
// for the same seed. Knows no XML but tags, attributes and text, which is all
// that an XMPP stream may have.
class StanzaMutator {
 public:
  // `stanzas`: where elements, names and values are taken from as well.
  // `words`: attribute values to try besides.
  StanzaMutator(uint32_t seed, const std::vector<std::string>& stanzas,
                std::vector<std::string> words);

  // Something done to an element, an attribute or a text: well-formed, and
  // still one stanza.
  std::string MutateStructure(std::string stanza);
  // Something done to bytes: may be anything.
  std::string MutateBytes(std::string stanza);

  // A number below `bound`.
  size_t Below(size_t bound) { return bound == 0 ? 0 : engine_() % bound; }
  template <typename T>
  const T& Any(const std::vector<T>& all) {
    return all[Below(all.size())];
  }

 private:
  // Places in a text, `end` behind the last byte.
  struct Span {
    size_t begin = 0;
    size_t end = 0;
    size_t size() const { return end - begin; }
  };
  struct Attribute {
    Span all;  // with the space before it
    Span name;
    Span value;
  };
  struct Element {
    Span all;
    Span name;
    Span end_name;       // empty: an empty element
    size_t content = 0;  // where its content begins, if it may have some
    std::vector<Attribute> attributes;
  };

  static std::vector<Element> Elements(std::string_view text);
  std::string AnyValue();

  std::mt19937 engine_;
  std::vector<std::string> stanzas_;
  std::vector<std::string> fragments_;  // elements, small ones
  std::vector<std::string> names_;      // of elements and attributes
  std::vector<std::string> values_;
};

}  // namespace signaling
