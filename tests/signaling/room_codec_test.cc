// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/room_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>

#include "signaling/limits.h"
#include "signaling/namespaces.h"

namespace signaling {
namespace {

XmlElement Element(std::string_view name) {
  return XmlElement(name, ns::kRoom);
}

// The request that `element` is; a failure and an empty one if it is another.
template <typename Request>
Request Parsed(const XmlElement& element) {
  const IqPayload payload = ParseRoomRequest(element);
  const auto* request = std::get_if<Request>(&payload);
  EXPECT_NE(request, nullptr) << Serialize(element);
  return request != nullptr ? *request : Request();
}

template <typename Told>
Told ParsedMessage(const XmlElement& element) {
  const MessagePayload payload = ParseRoomMessage(element);
  const auto* told = std::get_if<Told>(&payload);
  EXPECT_NE(told, nullptr) << Serialize(element);
  return told != nullptr ? *told : Told();
}

// docs/room-protocol.md, errors: modify / bad-request with a text.
void ExpectBadRequest(const XmlElement& element) {
  const IqPayload payload = ParseRoomRequest(element);
  const auto* malformed = std::get_if<Malformed>(&payload);
  ASSERT_NE(malformed, nullptr) << Serialize(element);
  EXPECT_EQ(malformed->error.type, "modify");
  EXPECT_EQ(malformed->error.condition, "bad-request");
  EXPECT_FALSE(malformed->error.text.empty());
}

XmlElement Slot(std::string_view content, std::string_view height) {
  XmlElement slot = Element("slot");
  slot.Set("content", content).Set("max-height", height);
  return slot;
}

// ---- receive ----

TEST(Receive, HasPinsInOrderAndLimits) {
  XmlElement element = Element("receive");
  element.Add(Element("pin")).Set("source", "p9xx31-v1");
  element.Add(Slot("4", "180"));
  element.Add(Element("pin")).Set("source", "p7k2m4-v0");
  element.Add(Slot("5", "0"));
  const Receive expected{{"p9xx31-v1", "p7k2m4-v0"}, {{"4", 180}, {"5", 0}}};
  EXPECT_EQ(Parsed<Receive>(element), expected);
}

TEST(Receive, MayBeEmpty) {
  EXPECT_EQ(Parsed<Receive>(Element("receive")), Receive());
}

TEST(Receive, IgnoresWhatItDoesNotKnow) {
  XmlElement element = Element("receive");
  element.Set("future", "1");
  element.Add(Element("future"));
  element.Add(XmlElement("pin", "urn:other")).Set("source", "x");
  element.Add(Element("pin")).Set("source", "a").Set("future", "1");
  EXPECT_EQ(Parsed<Receive>(element), (Receive{{"a"}, {}}));
}

TEST(Receive, HasAtMost25Pins) {
  XmlElement element = Element("receive");
  for (size_t i = 0; i < limits::kPins; ++i) {
    element.Add(Element("pin")).Set("source", "s" + std::to_string(i));
  }
  EXPECT_EQ(limits::kPins, 25u);
  EXPECT_EQ(Parsed<Receive>(element).pins.size(), 25u);
  element.Add(Element("pin")).Set("source", "one");
  ExpectBadRequest(element);
}

TEST(Receive, HasAtMost32Limits) {
  XmlElement element = Element("receive");
  for (size_t i = 0; i < limits::kSlotLimits; ++i) {
    element.Add(Slot(std::to_string(i), "90"));
  }
  EXPECT_EQ(limits::kSlotLimits, 32u);
  EXPECT_EQ(Parsed<Receive>(element).limits.size(), 32u);
  element.Add(Slot("32", "90"));
  ExpectBadRequest(element);
}

TEST(Receive, HeightsAreNumbers) {
  for (const std::string_view height :
       {"", "-1", "+1", "1.5", " 180", "180 ", "0x10", "1e3", "8193",
        "4294967296", "99999999999999999999", "high"}) {
    XmlElement element = Element("receive");
    element.Add(Slot("4", height));
    ExpectBadRequest(element);
  }
  XmlElement element = Element("receive");
  element.Add(Slot("4", "8192"));
  EXPECT_EQ(Parsed<Receive>(element), (Receive{{}, {{"4", 8192}}}));
}

TEST(Receive, NeedsAHeightForASlot) {
  XmlElement element = Element("receive");
  element.Add(Element("slot")).Set("content", "4");
  ExpectBadRequest(element);
}

// ---- publish ----

TEST(Publish, TellsTypeAndMuteOfContents) {
  XmlElement element = Element("publish");
  element.Add(Element("source")).Set("content", "0").Set("muted", "true");
  element.Add(Element("source"))
      .Set("content", "2")
      .Set("type", "screen")
      .Set("muted", "false");
  element.Add(Element("source")).Set("content", "3").Set("type", "camera");
  element.Add(Element("source")).Set("content", "4").Set("type", "microphone");
  const Publish expected{{{"0", "", true},
                          {"2", "screen", false},
                          {"3", "camera", std::nullopt},
                          {"4", "microphone", std::nullopt}}};
  EXPECT_EQ(Parsed<Publish>(element), expected);
}

TEST(Publish, RefusesATypeThatIsNone) {
  for (const std::string_view type : {"window", "Screen", "audio", " camera"}) {
    XmlElement element = Element("publish");
    element.Add(Element("source")).Set("content", "0").Set("type", type);
    ExpectBadRequest(element);
  }
}

TEST(Publish, HasAtMost32Sources) {
  XmlElement element = Element("publish");
  for (size_t i = 0; i < limits::kContents; ++i) {
    element.Add(Element("source")).Set("content", std::to_string(i));
  }
  EXPECT_EQ(Parsed<Publish>(element).sources.size(), 32u);
  element.Add(Element("source")).Set("content", "32");
  ExpectBadRequest(element);
}

TEST(Publish, MayBeEmpty) {
  EXPECT_EQ(Parsed<Publish>(Element("publish")), Publish());
}

// ---- name, resume ----

TEST(SetName, IsTheText) {
  XmlElement element = Element("name");
  element.text = "Zo\xC3\xAB <&>";
  EXPECT_EQ(Parsed<SetName>(element), SetName{"Zo\xC3\xAB <&>"});
}

TEST(SetName, IsCutToAKilobyte) {
  XmlElement element = Element("name");
  element.text = std::string(100'000, 'x');
  EXPECT_EQ(Parsed<SetName>(element).name, std::string(1024, 'x'));
}

// Half a character would be passed on to all others, and end our stream.
TEST(SetName, IsNotCutInsideACharacter) {
  for (size_t lead = 1020; lead <= 1024; ++lead) {
    XmlElement element = Element("name");
    element.text = std::string(lead, '\t') + "\xF0\x9F\x98\x80";
    const std::string name = Parsed<SetName>(element).name;
    const std::string_view rest = std::string_view(name).substr(lead);
    EXPECT_TRUE(rest.empty() || rest == "\xF0\x9F\x98\x80") << lead;
  }
}

TEST(Resume, HasTokenAndSid) {
  XmlElement element = Element("resume");
  element.Set("token", "k3").Set("sid", "s1");
  EXPECT_EQ(Parsed<Resume>(element), (Resume{"k3", "s1"}));
  EXPECT_EQ(Parsed<Resume>(Element("resume")), Resume());
}

TEST(RoomRequest, IsUnknownOtherwise) {
  for (const XmlElement& element :
       {Element("other"), Element("roster"), Element("Receive"),
        XmlElement("receive", "urn:other"), XmlElement("receive"),
        XmlElement("publish", "urn:carillon:room:1")}) {
    EXPECT_EQ(ParseRoomRequest(element),
              IqPayload(Unknown{element.name, element.ns}));
  }
}

// ---- what a room tells ----

Roster SampleRoster() {
  Roster roster;
  roster.version = 1;
  roster.complete = true;
  roster.self = "p7k2m4";
  roster.resume = "k3";
  roster.room = "standup";
  roster.participants = {{"p7k2m4",
                          "Alice",
                          false,
                          {{"p7k2m4-a0", "audio", "microphone", false},
                           {"p7k2m4-v0", "video", "camera", true},
                           {"p7k2m4-v1", "video", "screen", true}}},
                         {"p9xx31", "Bob", true, {}}};
  roster.left = {"p0old7"};
  return roster;
}

// The example of docs/room-protocol.md.
TEST(Roster, IsWrittenAsTheDocumentShows) {
  EXPECT_EQ(
      Serialize(WriteRoster(SampleRoster())),
      "<roster xmlns='urn:carillon:room:0' version='1' complete='true' "
      "self='p7k2m4' resume='k3' room='standup'>"
      "<participant id='p7k2m4' name='Alice'>"
      "<source id='p7k2m4-a0' kind='audio' type='microphone' muted='false'/>"
      "<source id='p7k2m4-v0' kind='video' type='camera' muted='true'/>"
      "<source id='p7k2m4-v1' kind='video' type='screen' muted='true'/>"
      "</participant>"
      "<participant id='p9xx31' name='Bob' away='true'/>"
      "<left id='p0old7'/></roster>");
}

TEST(Roster, OfChangesHasNoSecrets) {
  Roster roster;
  roster.version = 2;
  roster.left = {"p0old7"};
  EXPECT_EQ(Serialize(WriteRoster(roster)),
            "<roster xmlns='urn:carillon:room:0' version='2'>"
            "<left id='p0old7'/></roster>");
}

TEST(Speakers, AreWrittenAsTheDocumentShows) {
  EXPECT_EQ(Serialize(WriteSpeakers({"p7k2m4", {"p7k2m4", "p9xx31"}})),
            "<speakers xmlns='urn:carillon:room:0' dominant='p7k2m4'>"
            "<speaker id='p7k2m4'/><speaker id='p9xx31'/></speakers>");
  EXPECT_EQ(Serialize(WriteSpeakers({})),
            "<speakers xmlns='urn:carillon:room:0'/>");
}

TEST(SlotMap, IsWrittenAsTheDocumentShows) {
  EXPECT_EQ(
      Serialize(WriteSlotMap(
          {7, {{"1", "p9xx31-v0", "p9xx31", "camera"}, {"4", "", "", ""}}})),
      "<slots xmlns='urn:carillon:room:0' version='7'>"
      "<slot content='1' source='p9xx31-v0' owner='p9xx31' type='camera'/>"
      "<slot content='4'/></slots>");
}

TEST(RoomMessage, IsUnknownOtherwise) {
  for (const XmlElement& element :
       {Element("other"), Element("receive"), XmlElement("roster", "urn:other"),
        XmlElement("slots")}) {
    EXPECT_EQ(ParseRoomMessage(element),
              MessagePayload(Unknown{element.name, element.ns}));
  }
}

TEST(RoomMessage, TakesAVersionThatIsNoNumberForZero) {
  for (const std::string_view version : {"", "x", "-1"}) {
    XmlElement element = Element("slots");
    element.Set("version", version);
    EXPECT_EQ(ParsedMessage<SlotMap>(element).version, 0u);
  }
  XmlElement element = Element("slots");
  element.Set("version", "18446744073709551615");
  EXPECT_EQ(ParsedMessage<SlotMap>(element).version, UINT64_MAX);
}

// ---- what is written is read as it was ----

TEST(RoomCodec, ReadsTheRequestsItWrites) {
  const Receive receive{{"a", "b"}, {{"4", 180}, {"5", 0}, {"6", 8192}}};
  EXPECT_EQ(Parsed<Receive>(WriteReceive(receive)), receive);
  EXPECT_EQ(Parsed<Receive>(WriteReceive({})), Receive());
  const Publish publish{
      {{"0", "", true}, {"1", "screen", false}, {"2", "camera", std::nullopt}}};
  EXPECT_EQ(Parsed<Publish>(WritePublish(publish)), publish);
  const SetName name{"Alice B."};
  EXPECT_EQ(Parsed<SetName>(WriteSetName(name)), name);
  const Resume resume{"k3", "s1"};
  EXPECT_EQ(Parsed<Resume>(WriteResume(resume)), resume);
}

TEST(RoomCodec, ReadsTheMessagesItWrites) {
  EXPECT_EQ(ParsedMessage<Roster>(WriteRoster(SampleRoster())), SampleRoster());
  EXPECT_EQ(ParsedMessage<Roster>(WriteRoster({})), Roster());
  const Speakers speakers{"p7k2m4", {"p7k2m4", "p9xx31"}};
  EXPECT_EQ(ParsedMessage<Speakers>(WriteSpeakers(speakers)), speakers);
  EXPECT_EQ(ParsedMessage<Speakers>(WriteSpeakers({})), Speakers());
  const SlotMap slots{UINT64_MAX,
                      {{"1", "p9-v0", "p9", "camera"}, {"4", "", "", ""}}};
  EXPECT_EQ(ParsedMessage<SlotMap>(WriteSlotMap(slots)), slots);
}

}  // namespace
}  // namespace signaling
