// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/xml_element.h"

namespace signaling {
namespace {

void AppendEscaped(std::string_view text, std::string& out) {
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
      default:
        // Control characters are not XML 1.0, escaped or not.
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') {
          out += c;
        }
    }
  }
}

void AppendElement(const XmlElement& element, std::string_view parent_ns,
                   std::string& out) {
  const auto attribute = [&out](std::string_view name, std::string_view value) {
    out += ' ';
    out += name;
    out += "='";
    AppendEscaped(value, out);
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
  AppendEscaped(element.text, out);
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

}  // namespace signaling
