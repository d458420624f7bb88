// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signaling/xml_element.h"

namespace signaling {

// A field of a form (XEP-0004 s3.2), of the types that we use.
struct FormField {
  enum class Type : uint8_t {
    kBoolean,
    kFixed,
    kHidden,
    kJidMulti,
    kListMulti,
    kListSingle,
    kTextPrivate,
    kTextSingle,
  };
  struct Option {
    std::string label;
    std::string value;
    bool operator==(const Option&) const = default;
  };

  std::string var;
  Type type = Type::kTextSingle;  // also of a submitted one that tells none
  std::string label;
  std::vector<std::string> values;
  std::vector<Option> options;  // of lists
  bool required = false;
  bool operator==(const FormField&) const = default;
};

// A data form (XEP-0004): to be filled in, as filled in, or a result, which
// may be a table.
struct DataForm {
  enum class Type : uint8_t { kForm, kSubmit, kCancel, kResult };

  Type type = Type::kForm;
  std::string title;
  std::string instructions;
  std::vector<FormField> fields;
  // Of a table: its columns (var and label) and its rows (s3.4).
  std::vector<FormField> reported;
  std::vector<std::vector<FormField>> rows;
  bool operator==(const DataForm&) const = default;

  const FormField* Find(std::string_view var) const;
  // The first value of a field; empty if there is none.
  std::string Value(std::string_view var) const;
  std::vector<std::string> Values(std::string_view var) const;
  // A boolean (s3.3: 1, 0, true, false); nullopt for another word and for none.
  std::optional<bool> Flag(std::string_view var) const;
};

// Nullopt for what is no form: another element, a type that is unknown, more
// fields, options, values or rows than anybody needs.
std::optional<DataForm> ParseDataForm(const XmlElement& element);
XmlElement WriteDataForm(const DataForm& form);

}  // namespace signaling
