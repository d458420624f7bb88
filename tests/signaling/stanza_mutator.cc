// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/signaling/stanza_mutator.h"

#include <algorithm>
#include <utility>

namespace signaling {
namespace {

constexpr size_t kMaxFragment = 4000;
constexpr std::string_view kNameEnd = " \t\r\n/>=";

}  // namespace

StanzaMutator::StanzaMutator(uint32_t seed,
                             const std::vector<std::string>& stanzas,
                             std::vector<std::string> words)
    : engine_(seed), stanzas_(stanzas), values_(std::move(words)) {
  for (const std::string& stanza : stanzas) {
    for (const Element& element : Elements(stanza)) {
      if (element.all.size() < kMaxFragment) {
        fragments_.push_back(
            stanza.substr(element.all.begin, element.all.size()));
      }
      names_.push_back(stanza.substr(element.name.begin, element.name.size()));
      for (const Attribute& a : element.attributes) {
        names_.push_back(stanza.substr(a.name.begin, a.name.size()));
        values_.push_back(stanza.substr(a.value.begin, a.value.size()));
      }
    }
  }
  // Each thing once, or candidates would be all that is ever drawn.
  for (auto* pool : {&fragments_, &names_, &values_}) {
    std::sort(pool->begin(), pool->end());
    pool->erase(std::unique(pool->begin(), pool->end()), pool->end());
  }
}

std::vector<StanzaMutator::Element> StanzaMutator::Elements(
    std::string_view text) {
  std::vector<Element> elements;
  std::vector<size_t> open;
  for (size_t at = text.find('<'); at != std::string_view::npos;
       at = text.find('<', at + 1)) {
    if (text[at + 1] == '/') {
      if (open.empty()) break;
      Element& element = elements[open.back()];
      open.pop_back();
      element.end_name = {at + 2, text.find('>', at)};
      element.all.end = element.end_name.end + 1;
      continue;
    }
    Element element;
    element.all.begin = at;
    size_t next = text.find_first_of(kNameEnd, at);
    element.name = {at + 1, next};
    for (;;) {
      const size_t begin = next;
      next = text.find_first_not_of(" \t\r\n", next);
      if (text[next] == '/' || text[next] == '>') break;
      const size_t equals = text.find('=', next);
      const size_t quote = text.find_first_of("'\"", equals);
      const size_t end = text.find(text[quote], quote + 1);
      element.attributes.push_back(
          {{begin, end + 1}, {next, equals}, {quote + 1, end}});
      next = end + 1;
    }
    if (text[next] == '/') {
      element.all.end = next + 2;
      at = next;
    } else {
      element.content = next + 1;
      open.push_back(elements.size());
      at = next;
    }
    elements.push_back(std::move(element));
  }
  return elements;
}

std::string StanzaMutator::AnyValue() {
  static const std::vector<std::string> kOdd = {
      "",           "0",
      "-1",         "1",
      "127",        "128",
      "255",        "256",
      "65535",      "65536",
      "4294967295", "4294967296",
      " 1",         "1e3",
      "0x10",       "99999999999999999999",
      "@",          "/",
      "a@b/c",      "&amp;&lt;&quot;&#x10FFFF;",
      "é",          "\xF0\x9F\x98\x80",
      "both",       "none"};
  switch (Below(4)) {
    case 0:
      return Any(kOdd);
    case 1:
      return std::string(Below(3000), 'A');
    default:
      return Any(values_);
  }
}

std::string StanzaMutator::MutateStructure(std::string stanza) {
  const std::vector<Element> elements = Elements(stanza);
  const Element& any = Any(elements);
  // Not the stanza itself.
  const Element& inner =
      elements[elements.size() == 1 ? 0 : 1 + Below(elements.size() - 1)];
  const bool has_inner = elements.size() > 1;
  const auto text_of = [&stanza](const Span& span) {
    return stanza.substr(span.begin, span.size());
  };
  const auto put = [&stanza](const Span& span, const std::string& text) {
    stanza.replace(span.begin, span.size(), text);
  };
  switch (Below(12)) {
    case 0:  // an element less
      if (has_inner) put(inner.all, "");
      break;
    case 1: {  // the same twice, or very often
      if (!has_inner) break;
      const std::string element = text_of(inner.all);
      const size_t times = Below(8) == 0 ? Below(5000 / element.size() + 2) : 1;
      std::string copies;
      for (size_t i = 0; i < times; ++i) copies += element;
      stanza.insert(inner.all.end, copies);
      break;
    }
    case 2: {  // two change places
      const Element& other = Any(elements);
      if (!has_inner || other.all.begin == 0) break;
      const Span& first =
          inner.all.begin < other.all.begin ? inner.all : other.all;
      const Span& second =
          inner.all.begin < other.all.begin ? other.all : inner.all;
      if (first.end > second.begin) break;
      const std::string one = text_of(first);
      const std::string two = text_of(second);
      put(second, one);
      put(first, two);
      break;
    }
    case 3:
    case 4:
    case 5:  // another value
      if (!any.attributes.empty()) {
        // In the quotes that are there; ours have none inside.
        std::string value = AnyValue();
        std::erase_if(value, [](char c) { return c == '\'' || c == '"'; });
        put(Any(any.attributes).value, value);
      }
      break;
    case 6:  // an attribute less
      if (!any.attributes.empty()) put(Any(any.attributes).all, "");
      break;
    case 7: {  // an attribute of another name
      if (any.attributes.empty()) break;
      const std::string& name = Any(names_);
      const bool taken = std::any_of(
          any.attributes.begin(), any.attributes.end(),
          [&](const Attribute& a) { return text_of(a.name) == name; });
      if (!taken && name.find(':') == std::string::npos) {
        put(Any(any.attributes).name, name);
      }
      break;
    }
    case 8: {  // an element of another name
      const std::string& name = Any(names_);
      if (!has_inner || name.find(':') != std::string::npos) break;
      if (inner.end_name.size() > 0) put(inner.end_name, name);
      put(inner.name, name);
      break;
    }
    case 9:  // an element from somewhere
      if (any.content != 0) stanza.insert(any.content, Any(fragments_));
      break;
    case 10: {  // the same, deeper
      if (!has_inner) break;
      const size_t depth = 1 + Below(40);
      std::string element = text_of(inner.all);
      for (size_t i = 0; i < depth; ++i) element = "<x>" + element + "</x>";
      put(inner.all, element);
      break;
    }
    default:  // text where there was none
      if (any.content != 0) {
        const std::string text = AnyValue();
        // A stanza from a file may have entities of its own: no '<' in it.
        stanza.insert(any.content, text);
      }
  }
  return stanza;
}

std::string StanzaMutator::MutateBytes(std::string stanza) {
  if (stanza.empty()) return stanza;
  const size_t at = Below(stanza.size());
  const size_t length = Below(std::min<size_t>(stanza.size() - at, 200)) + 1;
  switch (Below(7)) {
    case 0:
      stanza[at] = static_cast<char>(stanza[at] ^ (1 << Below(8)));
      break;
    case 1:
      stanza.insert(at, 1, static_cast<char>(Below(256)));
      break;
    case 2:
      stanza.erase(at, length);
      break;
    case 3:
      stanza.insert(at, stanza.substr(at, length));
      break;
    case 4:
      stanza.resize(at);
      break;
    case 5: {  // the rest is another's
      const std::string& other = Any(stanzas_);
      stanza.replace(at, std::string::npos, other.substr(Below(other.size())));
      break;
    }
    default: {
      constexpr std::string_view kMarks = "<>/='\"&;! ?-[]";
      stanza[at] = kMarks[Below(kMarks.size())];
    }
  }
  return stanza;
}

}  // namespace signaling
