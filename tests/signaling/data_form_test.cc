// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/data_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "signaling/command_codec.h"
#include "signaling/namespaces.h"

namespace signaling {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Type = FormField::Type;

// A form with a field of each type.
DataForm Everything() {
  DataForm form;
  form.title = "Title";
  form.instructions = "Do it";
  for (size_t i = 0; i < 8; ++i) {
    FormField field;
    field.type = static_cast<Type>(i);
    field.var = "v" + std::to_string(i);
    field.label = "Label & more";
    field.values = {"1"};
    field.required = i % 2 == 0;
    if (field.type == Type::kListMulti) {
      field.values = {"a", "b"};
      field.options = {{"An a", "a"}, {"", "b"}};
    }
    form.fields.push_back(field);
  }
  return form;
}

TEST(DataForm, IsReadAsItWasWritten) {
  const DataForm form = Everything();
  EXPECT_EQ(ParseDataForm(WriteDataForm(form)), form);
}

TEST(DataForm, ATableIsReadAsItWasWritten) {
  DataForm form;
  form.type = DataForm::Type::kResult;
  form.reported.resize(2);
  form.reported[0].var = "a";
  form.reported[1].var = "b";
  form.rows = {form.reported, form.reported};
  form.rows[1][1].values = {"x"};
  EXPECT_EQ(ParseDataForm(WriteDataForm(form)), form);
}

// XEP-0004 s3.2: a submitted form need not tell types.
TEST(DataForm, ReadsWhatClientsSubmit) {
  XmlElement x("x", ns::kDataForm);
  x.Set("type", "submit");
  XmlElement& yes = x.Add(XmlElement("field", ns::kDataForm));
  yes.Set("var", "yes");
  yes.Add(XmlElement("value", ns::kDataForm)).text = "true";
  XmlElement& many = x.Add(XmlElement("field", ns::kDataForm));
  many.Set("var", "many").Set("type", "text-multi");
  many.Add(XmlElement("value", ns::kDataForm)).text = "a";
  many.Add(XmlElement("value", ns::kDataForm)).text = "b";
  const auto form = ParseDataForm(x);
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(form->type, DataForm::Type::kSubmit);
  EXPECT_EQ(form->Flag("yes"), true);
  EXPECT_THAT(form->Values("many"), ElementsAre("a", "b"));
  EXPECT_EQ(form->Value("many"), "a");
  EXPECT_EQ(form->Find("none"), nullptr);
  EXPECT_EQ(form->Value("none"), "");
  EXPECT_THAT(form->Values("none"), IsEmpty());
  EXPECT_EQ(form->Flag("many"), std::nullopt);
}

TEST(DataForm, RefusesWhatIsNoForm) {
  XmlElement x("x", ns::kDataForm);
  EXPECT_FALSE(ParseDataForm(x).has_value());  // no type
  x.Set("type", "other");
  EXPECT_FALSE(ParseDataForm(x).has_value());
  XmlElement other("x", "jabber:x:other");
  other.Set("type", "form");
  EXPECT_FALSE(ParseDataForm(other).has_value());
}

TEST(DataForm, RefusesMoreThanAnybodyNeeds) {
  XmlElement fields("x", ns::kDataForm);
  fields.Set("type", "submit");
  for (int i = 0; i < 32; ++i) fields.Add(XmlElement("field", ns::kDataForm));
  EXPECT_TRUE(ParseDataForm(fields).has_value());
  fields.Add(XmlElement("field", ns::kDataForm));
  EXPECT_FALSE(ParseDataForm(fields).has_value());

  XmlElement values("x", ns::kDataForm);
  values.Set("type", "submit");
  XmlElement& field = values.Add(XmlElement("field", ns::kDataForm));
  for (int i = 0; i < 1001; ++i) field.Add(XmlElement("value", ns::kDataForm));
  EXPECT_FALSE(ParseDataForm(values).has_value());
}

TEST(CommandCodec, IsReadAsItWasWritten) {
  Command command;
  command.node = "mute";
  command.session = "s1";
  command.status = Command::Status::kExecuting;
  command.actions = {Command::Action::kPrev, Command::Action::kComplete};
  command.default_action = Command::Action::kComplete;
  command.notes = {{Command::Note::Type::kWarn, "careful"}};
  command.form = Everything();
  EXPECT_EQ(ParseCommand(WriteCommand(command)), command);

  Command request;
  request.node = "mute";
  request.action = Command::Action::kNext;
  EXPECT_EQ(ParseCommand(WriteCommand(request)), request);
}

TEST(CommandCodec, TellsWhatIsWrong) {
  XmlElement element("command", ns::kCommands);
  element.Set("node", "mute").Set("action", "explode");
  EXPECT_EQ(ParseCommand(element).action, Command::Action::kUnknown);
  element.Add(XmlElement("x", ns::kDataForm)).Set("type", "odd");
  EXPECT_TRUE(ParseCommand(element).bad_form);
  EXPECT_FALSE(ParseCommand(element).form.has_value());
}

}  // namespace
}  // namespace signaling
