// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/xml_element.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace signaling {
namespace {

bool IsXmlChar(uint32_t c) {
  return c == 0x9 || c == 0xA || c == 0xD || (c >= 0x20 && c <= 0xD7FF) ||
         (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

// The character that a reference stands for; `name` is what is between '&' and
// ';'. Nothing for one that XML 1.0 does not define by itself.
std::optional<uint32_t> ParseReference(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kNames = {
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  for (const auto& [known, character] : kNames) {
    if (name == known) return character;
  }
  if (name.size() < 2 || name[0] != '#') return std::nullopt;
  name.remove_prefix(1);
  int base = 10;
  if (name[0] == 'x') {
    base = 16;
    name.remove_prefix(1);
  }
  uint32_t code = 0;
  const char* const end = name.data() + name.size();
  const auto [last, failed] = std::from_chars(name.data(), end, code, base);
  if (failed != std::errc() || last != end || !IsXmlChar(code)) {
    return std::nullopt;
  }
  return code;
}

// RFC 3629 s3.
void AppendUtf8(uint32_t code, std::string& out) {
  const auto append = [&out](uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return append(code);
  if (code < 0x800) {
    append(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      append(0xE0 | code >> 12);
    } else {
      append(0xF0 | code >> 18);
      append(0x80 | (code >> 12 & 0x3F));
    }
    append(0x80 | (code >> 6 & 0x3F));
  }
  append(0x80 | (code & 0x3F));
}

// A parser takes a bare CR for a line feed (XML 1.0 s2.11) and any white space
// in an attribute's value for a space (s3.3.3); references it leaves alone.
void AppendEscaped(std::string_view text, bool is_value, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&apos;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\r':
        out += "&#13;";
        break;
      case '\n':
        out += is_value ? "&#10;" : "\n";
        break;
      case '\t':
        out += is_value ? "&#9;" : "\t";
        break;
      default:
        // Other control characters are not XML 1.0, escaped or not.
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
  }
}

void AppendElement(const XmlElement& element, std::string_view parent_ns,
                   std::string& out) {
  const auto attribute = [&out](std::string_view name, std::string_view value) {
    out += ' ';
    out += name;
    out += "='";
    AppendEscaped(value, true, out);
    out += '\'';
  };
  out += '<';
  out += element.name;
  if (element.ns != parent_ns) attribute("xmlns", element.ns);
  for (const auto& [name, value] : element.attributes) attribute(name, value);
  if (element.children.empty() && element.text.empty()) {
    out += "/>";
    return;
  }
  out += '>';
  AppendEscaped(element.text, false, out);
  for (const XmlElement& child : element.children) {
    AppendElement(child, element.ns, out);
  }
  out += "</";
  out += element.name;
  out += '>';
}

}  // namespace

std::string_view XmlElement::Attribute(std::string_view attribute) const {
  for (const auto& [key, value] : attributes) {
    if (key == attribute) return value;
  }
  return {};
}

bool XmlElement::HasAttribute(std::string_view attribute) const {
  for (const auto& [key, value] : attributes) {
    if (key == attribute) return true;
  }
  return false;
}

const XmlElement* XmlElement::Child(std::string_view child,
                                    std::string_view child_ns) const {
  for (const XmlElement& element : children) {
    if (element.Is(child, child_ns)) return &element;
  }
  return nullptr;
}

XmlElement& XmlElement::Set(std::string_view attribute,
                            std::string_view value) {
  attributes.emplace_back(attribute, value);
  return *this;
}

XmlElement& XmlElement::SetIf(std::string_view attribute,
                              std::string_view value) {
  return value.empty() ? *this : Set(attribute, value);
}

XmlElement& XmlElement::Add(XmlElement child) {
  children.push_back(std::move(child));
  return children.back();
}

std::string Serialize(const XmlElement& element, std::string_view parent_ns) {
  std::string out;
  AppendElement(element, parent_ns, out);
  return out;
}

std::optional<std::string> ResolveReferences(std::string_view text) {
  constexpr size_t kLongest = 16;  // "&#x10FFFF;" and some zeros
  std::string out;
  for (;;) {
    const size_t at = text.find('&');
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at);
    const size_t end = text.substr(0, kLongest).find(';');
    if (end == std::string_view::npos) return std::nullopt;
    const auto code = ParseReference(text.substr(1, end - 1));
    if (!code) return std::nullopt;
    AppendUtf8(*code, out);
    text.remove_prefix(end + 1);
  }
}

std::string ShortenReferences(std::string_view text, size_t max_bytes) {
  std::string out;
  for (;;) {
    const size_t at = text.find('&');
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at);
    const size_t size = std::min(text.find(';'), text.size() - 1) + 1;
    const std::string_view reference = text.substr(0, size);
    const auto code =
        size > max_bytes
            ? ParseReference(reference.substr(1, reference.size() - 2))
            : std::nullopt;
    if (!code) {
      out += reference;
    } else if (*code < 0x80) {  // what it stands for may be markup
      out += "&#" + std::to_string(*code) + ";";
    } else {
      AppendUtf8(*code, out);
    }
    text.remove_prefix(size);
  }
}

std::string_view CutText(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  const auto continues = [&](size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  while (max_bytes > 0 && continues(max_bytes)) --max_bytes;
  return text.substr(0, max_bytes);
}

}  // namespace signaling
