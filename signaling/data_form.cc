// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/data_form.h"

#include <algorithm>
#include <array>

#include "signaling/limits.h"
#include "signaling/namespaces.h"

namespace signaling {
namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, 8> kFieldTypes = {
    "boolean",    "fixed",       "hidden",       "jid-multi",
    "list-multi", "list-single", "text-private", "text-single"};
constexpr std::array<std::string_view, 4> kFormTypes = {"form", "submit",
                                                        "cancel", "result"};

// Text of an element or attribute, as long as anybody needs.
std::string Cut(std::string_view text) {
  return std::string(CutText(text, limits::kTextBytes));
}

std::optional<FormField> ReadField(const XmlElement& element) {
  FormField field;
  field.var = Cut(element.Attribute("var"));
  field.label = Cut(element.Attribute("label"));
  const auto type = std::find(kFieldTypes.begin(), kFieldTypes.end(),
                              element.Attribute("type"));
  if (type != kFieldTypes.end()) {
    field.type = static_cast<FormField::Type>(type - kFieldTypes.begin());
  }
  for (const XmlElement& child : element.children) {
    if (child.Is("value", ns::kDataForm)) {
      if (field.values.size() == limits::kFormValues) return std::nullopt;
      field.values.push_back(Cut(child.text));
    } else if (child.Is("option", ns::kDataForm)) {
      if (field.options.size() == limits::kFormValues) return std::nullopt;
      const XmlElement* value = child.Child("value", ns::kDataForm);
      field.options.push_back({Cut(child.Attribute("label")),
                               value == nullptr ? "" : Cut(value->text)});
    } else if (child.Is("required", ns::kDataForm)) {
      field.required = true;
    }
  }
  return field;
}

bool ReadFields(const XmlElement& element, std::vector<FormField>* to) {
  for (const XmlElement& child : element.children) {
    if (!child.Is("field", ns::kDataForm)) continue;
    auto field = ReadField(child);
    if (!field || to->size() == limits::kFormFields) return false;
    to->push_back(std::move(*field));
  }
  return true;
}

// `typed`: a form to fill in tells types; elsewhere the receiver knows them.
XmlElement WriteField(const FormField& field, bool typed) {
  XmlElement element("field", ns::kDataForm);
  element.SetIf("var", field.var);
  if (typed) element.Set("type", kFieldTypes[static_cast<size_t>(field.type)]);
  element.SetIf("label", field.label);
  if (field.required) element.Add(XmlElement("required", ns::kDataForm));
  for (const std::string& value : field.values) {
    element.Add(XmlElement("value", ns::kDataForm)).text = value;
  }
  for (const FormField::Option& option : field.options) {
    XmlElement& child = element.Add(XmlElement("option", ns::kDataForm));
    child.SetIf("label", option.label);
    child.Add(XmlElement("value", ns::kDataForm)).text = option.value;
  }
  return element;
}

}  // namespace

const FormField* DataForm::Find(std::string_view var) const {
  const auto it =
      std::find_if(fields.begin(), fields.end(),
                   [&](const FormField& field) { return field.var == var; });
  return it == fields.end() ? nullptr : &*it;
}

std::string DataForm::Value(std::string_view var) const {
  const FormField* field = Find(var);
  return field == nullptr || field->values.empty() ? "" : field->values[0];
}

std::vector<std::string> DataForm::Values(std::string_view var) const {
  const FormField* field = Find(var);
  return field == nullptr ? std::vector<std::string>() : field->values;
}

std::optional<bool> DataForm::Flag(std::string_view var) const {
  const std::string value = Value(var);
  if (value == "1" || value == "true") return true;
  if (value == "0" || value == "false") return false;
  return std::nullopt;
}

std::optional<DataForm> ParseDataForm(const XmlElement& element) {
  if (!element.Is("x", ns::kDataForm)) return std::nullopt;
  DataForm form;
  const auto type = std::find(kFormTypes.begin(), kFormTypes.end(),
                              element.Attribute("type"));
  if (type == kFormTypes.end()) return std::nullopt;
  form.type = static_cast<DataForm::Type>(type - kFormTypes.begin());
  if (!ReadFields(element, &form.fields)) return std::nullopt;
  for (const XmlElement& child : element.children) {
    if (child.Is("title", ns::kDataForm)) {
      form.title = Cut(child.text);
    } else if (child.Is("instructions", ns::kDataForm)) {
      form.instructions = Cut(child.text);
    } else if (child.Is("reported", ns::kDataForm)) {
      if (!ReadFields(child, &form.reported)) return std::nullopt;
    } else if (child.Is("item", ns::kDataForm)) {
      if (form.rows.size() == limits::kFormValues) return std::nullopt;
      if (!ReadFields(child, &form.rows.emplace_back())) return std::nullopt;
    }
  }
  return form;
}

XmlElement WriteDataForm(const DataForm& form) {
  XmlElement element("x", ns::kDataForm);
  element.Set("type", kFormTypes[static_cast<size_t>(form.type)]);
  const auto text = [&](std::string_view name, const std::string& value) {
    if (!value.empty())
      element.Add(XmlElement(name, ns::kDataForm)).text = value;
  };
  text("title", form.title);
  text("instructions", form.instructions);
  if (!form.reported.empty()) {
    XmlElement& reported = element.Add(XmlElement("reported", ns::kDataForm));
    for (const FormField& field : form.reported) {
      reported.Add(WriteField(field, true));
    }
  }
  const bool typed = form.type != DataForm::Type::kSubmit;
  for (const FormField& field : form.fields) {
    element.Add(WriteField(field, typed));
  }
  for (const std::vector<FormField>& row : form.rows) {
    XmlElement& item = element.Add(XmlElement("item", ns::kDataForm));
    for (const FormField& field : row) item.Add(WriteField(field, false));
  }
  return element;
}

}  // namespace signaling
