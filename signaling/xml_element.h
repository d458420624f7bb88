// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signaling {

// An XML element as protocol code sees it: names are resolved to namespaces,
// prefixes are gone. `ns` of a stanza and its plain children is empty: the
// stream's own (jabber:client or jabber:component:accept, whichever it is).
struct XmlElement {
  XmlElement() = default;
  explicit XmlElement(std::string_view element_name,
                      std::string_view element_ns = {})
      : name(element_name), ns(element_ns) {}

  std::string name;
  std::string ns;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<XmlElement> children;
  std::string text;  // all character data of the element itself

  // The attribute's value; empty if it is absent.
  std::string_view Attribute(std::string_view attribute) const;
  bool HasAttribute(std::string_view attribute) const;
  // The first such child; null if there is none.
  const XmlElement* Child(std::string_view child,
                          std::string_view child_ns) const;
  bool Is(std::string_view a_name, std::string_view a_ns) const {
    return name == a_name && ns == a_ns;
  }

  XmlElement& Set(std::string_view attribute, std::string_view value);
  // As Set(), but nothing for an empty value.
  XmlElement& SetIf(std::string_view attribute, std::string_view value);
  // Appends a child and returns it; valid until the next one is added.
  XmlElement& Add(XmlElement child);
};

// The element as text, inside a parent whose namespace is `parent_ns`.
std::string Serialize(const XmlElement& element,
                      std::string_view parent_ns = {});

// `text`, as it stands in a document, with its references resolved. Nothing if
// one is not of those that XML 1.0 defines by itself.
std::optional<std::string> ResolveReferences(std::string_view text);

// The same text, whose references are all good, with none of more than
// `max_bytes`: there are parsers that know no long ones (gloox 1.0.24: 8).
std::string ShortenReferences(std::string_view text, size_t max_bytes);

// The beginning of `text` (UTF-8), at most so many bytes of whole characters.
std::string_view CutText(std::string_view text, size_t max_bytes);

}  // namespace signaling
