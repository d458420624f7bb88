// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/xmpp_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace signaling {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kHeader =
    "<stream:stream xmlns='jabber:component:accept' "
    "xmlns:stream='http://etherx.jabber.org/streams' from='sfu.example' "
    "id='3BF96D32'>";

class RecordingSink : public XmppGuardSink {
 public:
  void OnGuardPassed(std::string_view xml) override {
    passed.emplace_back(xml);
  }
  void OnGuardRejected(const RejectedStanza& stanza) override {
    rejected.push_back(stanza);
  }

  std::vector<std::string> passed;
  std::vector<RejectedStanza> rejected;
};

// A guard whose stream has begun; the header is not among `sink.passed`.
class XmppGuardTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(guard_.HandleBytes(kHeader, sink_));
    ASSERT_THAT(sink_.passed, ElementsAre(kHeader));
    sink_.passed.clear();
  }

  bool Feed(std::string_view bytes) { return guard_.HandleBytes(bytes, sink_); }

  // That `xml` is kept back, and that the stream goes on after it.
  void ExpectDiscarded(std::string_view xml) {
    ASSERT_TRUE(Feed(xml)) << guard_.error();
    EXPECT_THAT(sink_.passed, IsEmpty());
    ASSERT_THAT(sink_.rejected, SizeIs(1));
    EXPECT_EQ(guard_.rejected(), 1u);
    EXPECT_FALSE(sink_.rejected[0].reason.empty());
    ASSERT_TRUE(Feed("<presence/>"));
    EXPECT_THAT(sink_.passed, ElementsAre("<presence/>"));
    EXPECT_THAT(sink_.rejected, SizeIs(1));
  }

  void ExpectPassed(std::string_view xml) {
    ASSERT_TRUE(Feed(xml)) << guard_.error();
    ASSERT_THAT(sink_.passed, SizeIs(1));
    EXPECT_TRUE(sink_.passed[0] == xml);
    EXPECT_THAT(sink_.rejected, IsEmpty());
  }

  void ExpectEndOfStream(std::string_view xml) {
    EXPECT_FALSE(Feed(xml)) << xml;
    EXPECT_FALSE(guard_.error().empty());
    EXPECT_THAT(sink_.passed, IsEmpty()) << xml;
    EXPECT_FALSE(Feed("<presence/>"));
    EXPECT_THAT(sink_.passed, IsEmpty()) << xml;
  }

  XmppGuard guard_;
  RecordingSink sink_;
};

std::string Repeat(std::string_view text, size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

// A stanza whose innermost element is at `depth`.
std::string Nested(size_t depth) {
  return "<iq id='d' type='get'>" + Repeat("<a>", depth - 1) +
         Repeat("</a>", depth - 1) + "</iq>";
}

std::string WithAttributes(size_t count) {
  std::string xml = "<iq><a";
  for (size_t i = 0; i < count; ++i) xml += " a" + std::to_string(i) + "='1'";
  return xml + "/></iq>";
}

// A stanza of `size` bytes, most of them text.
std::string OfSize(size_t size) {
  const std::string begin = "<message id='m' from='a@example/r'><body>";
  const std::string end = "</body></message>";
  return begin + std::string(size - begin.size() - end.size(), 'x') + end;
}

// ---- what passes ----

TEST_F(XmppGuardTest, PassesAStanzaUnchanged) {
  ExpectPassed(
      "<iq  type=\"get\" id='1'\n\tfrom = 'a@example/r'><q xmlns='urn:x' "
      "a='&lt;&amp;&gt;&quot;&apos;' b='>'/> text &#65; "
      "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 <x:y z=\"it's\"></x:y ></iq>");
}

TEST_F(XmppGuardTest, PassesAnEmptyStanza) { ExpectPassed("<presence/>"); }

TEST_F(XmppGuardTest, PassesStanzasOneByOne) {
  ASSERT_TRUE(Feed("<presence/> \n<message><body/></message>\t<iq></iq>"));
  EXPECT_THAT(
      sink_.passed,
      ElementsAre("<presence/>", "<message><body/></message>", "<iq></iq>"));
}

TEST_F(XmppGuardTest, HoldsAStanzaUntilItsLastByte) {
  ASSERT_TRUE(Feed("<message><body>hello</body></message"));
  EXPECT_THAT(sink_.passed, IsEmpty());
  ASSERT_TRUE(Feed(">"));
  EXPECT_THAT(sink_.passed,
              ElementsAre("<message><body>hello</body></message>"));
}

TEST_F(XmppGuardTest, PassesTheEndOfTheStream) {
  ExpectPassed("</stream:stream>");
}

TEST_F(XmppGuardTest, TakesWhitespaceBetweenStanzas) {
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(Feed(" \r\n"));
  ExpectPassed("<presence/>");
}

TEST_F(XmppGuardTest, TakesWhitespaceForAsLongAsTheStreamLives) {
  const std::string spaces(XmppGuard::kMaxStanzaBytes, ' ');
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Feed(spaces));
  ExpectPassed("<presence/>");
}

TEST(XmppGuard, TakesTheXmlDeclarationBeforeTheStream) {
  XmppGuard guard;
  RecordingSink sink;
  ASSERT_TRUE(guard.HandleBytes(
      "<?xml version='1.0' encoding='UTF-8'?>\n" + std::string(kHeader), sink));
  EXPECT_THAT(sink.passed, ElementsAre(kHeader));
}

// The same for every way to cut a stream in two, and for single bytes.
TEST(XmppGuard, DoesNotMindHowTheStreamIsCut) {
  const std::string bad = WithAttributes(XmppGuard::kMaxAttributes + 1);
  const std::string first =
      "<iq id='1' type='set'><q a='&amp;>' b=\"'\">\xE2\x82\xAC&#x41;</q></iq>";
  const std::string last = "<message><body>\xF0\x9F\x98\x80</body></message>";
  const std::string stream = "<?xml version='1.0'?>" + std::string(kHeader) +
                             first + " " + bad + last + "</stream:stream>";
  const auto expect = [&](const RecordingSink& sink) {
    EXPECT_THAT(sink.passed,
                ElementsAre(kHeader, first, last, "</stream:stream>"));
    EXPECT_THAT(sink.rejected, SizeIs(1));
  };
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    XmppGuard guard;
    RecordingSink sink;
    const std::string_view view = stream;
    ASSERT_TRUE(guard.HandleBytes(view.substr(0, cut), sink)) << cut;
    ASSERT_TRUE(guard.HandleBytes(view.substr(cut), sink)) << cut;
    expect(sink);
  }
  XmppGuard guard;
  RecordingSink sink;
  for (const char byte : stream) {
    ASSERT_TRUE(guard.HandleBytes(std::string_view(&byte, 1), sink));
  }
  expect(sink);
}

TEST_F(XmppGuardTest, BeginsAnewAfterAReset) {
  EXPECT_FALSE(Feed("</wrong>"));
  guard_.Reset();
  EXPECT_TRUE(guard_.error().empty());
  ASSERT_TRUE(Feed(kHeader));
  ASSERT_TRUE(Feed("<presence/>"));
  EXPECT_THAT(sink_.passed, ElementsAre(kHeader, "<presence/>"));
}

// ---- limits (reliability.md T29): the stanza goes, the stream stays ----

TEST_F(XmppGuardTest, PassesAStanzaOfTheLargestSize) {
  ExpectPassed(OfSize(XmppGuard::kMaxStanzaBytes));
}

TEST_F(XmppGuardTest, DiscardsAStanzaOneByteTooLarge) {
  ExpectDiscarded(OfSize(XmppGuard::kMaxStanzaBytes + 1));
}

TEST_F(XmppGuardTest, DiscardsAStanzaMuchTooLarge) {
  ExpectDiscarded(OfSize(10 * XmppGuard::kMaxStanzaBytes));
}

TEST_F(XmppGuardTest, DiscardsAStanzaOfManyTextsThatIsTooLarge) {
  ExpectDiscarded("<message>" + Repeat("<a/>" + std::string(1000, 'x'), 140) +
                  "</message>");
}

// Prosody lets a client's stanza be 256 KiB, one attribute of it may be all of
// that; it must not cost everybody the stream.
TEST_F(XmppGuardTest, DiscardsAStanzaWithATagThatIsTooLarge) {
  ExpectDiscarded("<message><body a='" +
                  std::string(XmppGuard::kMaxStanzaBytes + 1000, 'x') +
                  "'>t</body></message>");
}

TEST_F(XmppGuardTest, DiscardsAStanzaWhoseOwnTagIsTooLarge) {
  ExpectDiscarded("<message id='" +
                  std::string(XmppGuard::kMaxStanzaBytes + 1000, '>') + "'/>");
}

TEST_F(XmppGuardTest, DiscardsAStanzaWithAnEndTagThatIsTooLarge) {
  ExpectDiscarded("<iq><a></a" + std::string(XmppGuard::kMaxStanzaBytes, ' ') +
                  "></iq>");
}

TEST_F(XmppGuardTest, FindsTheEndOfAStanzaWhoseTagsAreTooLarge) {
  const std::string large =
      " a='" + std::string(XmppGuard::kMaxStanzaBytes, 'x') + "/>' b=\"/\"";
  ExpectDiscarded("<iq" + large + "> text <a" + large + "/><b" + large +
                  "><c/></b> text </iq>");
}

TEST_F(XmppGuardTest, RefusesRestrictedXmlOfAnySize) {
  ExpectEndOfStream("<message><!--" +
                    std::string(XmppGuard::kMaxStanzaBytes, 'x'));
}

TEST_F(XmppGuardTest, RefusesTextBetweenStanzasOfAnySize) {
  ExpectEndOfStream(std::string(XmppGuard::kMaxStanzaBytes + 1, 'x'));
}

TEST_F(XmppGuardTest, RefusesAnEndOfTheStreamThatIsTooLarge) {
  ExpectEndOfStream("</stream:stream" +
                    std::string(XmppGuard::kMaxStanzaBytes, ' '));
}

TEST(XmppGuard, RefusesAHeaderThatIsTooLarge) {
  XmppGuard guard;
  RecordingSink sink;
  EXPECT_FALSE(guard.HandleBytes(
      "<stream:stream id='" + std::string(XmppGuard::kMaxStanzaBytes, 'x'),
      sink));
}

TEST_F(XmppGuardTest, PassesAStanzaOfTheGreatestDepth) {
  ExpectPassed(Nested(XmppGuard::kMaxDepth));
}

TEST_F(XmppGuardTest, DiscardsAStanzaThatIsTooDeep) {
  ExpectDiscarded(Nested(XmppGuard::kMaxDepth + 1));
}

TEST_F(XmppGuardTest, DiscardsAStanzaWhoseEmptyElementIsTooDeep) {
  const size_t most = XmppGuard::kMaxDepth;
  ExpectDiscarded("<iq>" + Repeat("<a>", most - 1) + "<b/>" +
                  Repeat("</a>", most - 1) + "</iq>");
}

// 14 kB suffice for this depth, and no server minds it (T29).
TEST_F(XmppGuardTest, DiscardsAStanzaThatIsDeepBeyondReason) {
  ExpectDiscarded(Nested(2000));
}

TEST_F(XmppGuardTest, DiscardsAStanzaThatIsAsDeepAsAServerLetsItBe) {
  ExpectDiscarded(Nested(512 * 1024 / 7));
}

TEST_F(XmppGuardTest, PassesAnElementOfMostAttributes) {
  ExpectPassed(WithAttributes(XmppGuard::kMaxAttributes));
}

TEST_F(XmppGuardTest, DiscardsAnElementOfTooManyAttributes) {
  ExpectDiscarded(WithAttributes(XmppGuard::kMaxAttributes + 1));
}

TEST_F(XmppGuardTest, PassesAStanzaOfMostElements) {
  ExpectPassed("<iq>" + Repeat("<a/>", XmppGuard::kMaxElements - 1) + "</iq>");
}

TEST_F(XmppGuardTest, DiscardsAStanzaOfTooManyElements) {
  ExpectDiscarded("<iq>" + Repeat("<a/>", XmppGuard::kMaxElements) + "</iq>");
}

TEST_F(XmppGuardTest, LimitsHoldForEachStanzaAlone) {
  const std::string one =
      "<iq>" + Repeat("<a/>", XmppGuard::kMaxElements - 1) + "</iq>";
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Feed(one));
  ASSERT_TRUE(Feed(Nested(XmppGuard::kMaxDepth + 1)));
  ASSERT_TRUE(Feed(one));
  EXPECT_THAT(sink_.passed, SizeIs(4));
  EXPECT_THAT(sink_.rejected, SizeIs(1));
}

// ---- what is known of a stanza that was kept back ----

TEST_F(XmppGuardTest, TellsWhomToAnswer) {
  ASSERT_TRUE(
      Feed("<iq type='set' from='a@example/r' to='standup@sfu.example' "
           "id='x1'><a b='1' b='2' id='other'/></iq>"));
  ASSERT_THAT(sink_.rejected, SizeIs(1));
  EXPECT_EQ(sink_.rejected[0].name, "iq");
  EXPECT_EQ(sink_.rejected[0].type, "set");
  EXPECT_EQ(sink_.rejected[0].from, "a@example/r");
  EXPECT_EQ(sink_.rejected[0].to, "standup@sfu.example");
  EXPECT_EQ(sink_.rejected[0].id, "x1");
}

TEST_F(XmppGuardTest, DoesNotMixUpTheStanzasItKeptBack) {
  const std::string bad = "<a b='1' b='2'/>";
  ASSERT_TRUE(Feed("<iq id='1' from='a@example/r'>" + bad + "</iq>"));
  ASSERT_TRUE(Feed("<message>" + bad + "</message>"));
  ASSERT_THAT(sink_.rejected, SizeIs(2));
  EXPECT_EQ(guard_.rejected(), 2u);
  EXPECT_EQ(sink_.rejected[1].name, "message");
  EXPECT_EQ(sink_.rejected[1].id, "");
  EXPECT_EQ(sink_.rejected[1].from, "");
}

// A resource may hold what XML escapes; the answer escapes it again.
TEST_F(XmppGuardTest, TellsWhomToAnswerWithReferencesResolved) {
  ASSERT_TRUE(
      Feed("<iq type='set' from='a@example/Tom &amp; Jerry' "
           "id='&lt;&#49;>'><a b='1' b='2'/></iq>"));
  ASSERT_THAT(sink_.rejected, SizeIs(1));
  EXPECT_EQ(sink_.rejected[0].from, "a@example/Tom & Jerry");
  EXPECT_EQ(sink_.rejected[0].id, "<1>");
}

TEST_F(XmppGuardTest, TellsWhomToAnswerWhoseTagIsTooLarge) {
  ASSERT_TRUE(Feed("<iq type='set' from='a@example/r' id='x1' b='" +
                   std::string(XmppGuard::kMaxStanzaBytes, 'x') +
                   "' to='c'/>"));
  ASSERT_THAT(sink_.rejected, SizeIs(1));
  EXPECT_EQ(sink_.rejected[0].name, "iq");
  EXPECT_EQ(sink_.rejected[0].type, "set");
  EXPECT_EQ(sink_.rejected[0].from, "a@example/r");
  EXPECT_EQ(sink_.rejected[0].id, "x1");
}

TEST_F(XmppGuardTest, ResolvesReferencesOfEachLength) {
  ASSERT_TRUE(
      Feed("<iq id='&#x7F;&#x80;&#x7FF;&#x800;&#xFFFD;&#x10000;&#x10FFFF;' "
           "from='&amp;lt;&quot;&apos;&gt;'><a b='1' b='2'/></iq>"));
  ASSERT_THAT(sink_.rejected, SizeIs(1));
  EXPECT_EQ(sink_.rejected[0].id,
            "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBD"
            "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
  EXPECT_EQ(sink_.rejected[0].from, "&lt;\"'>");
}

// ---- restricted XML (RFC 6120 s11.1, reliability.md T30) ----

TEST_F(XmppGuardTest, DiscardsAnAttributeGivenTwice) {
  ExpectDiscarded("<iq id='1'><a b='1' c='2' b='3'/></iq>");
}

TEST_F(XmppGuardTest, RefusesAComment) {
  ExpectEndOfStream("<message><!-- x --></message>");
}

TEST_F(XmppGuardTest, RefusesACommentBetweenStanzas) {
  ExpectEndOfStream("<!-- x -->");
}

TEST_F(XmppGuardTest, RefusesAProcessingInstruction) {
  ExpectEndOfStream("<message><?php x?></message>");
}

TEST_F(XmppGuardTest, RefusesAnXmlDeclarationInsideTheStream) {
  ExpectEndOfStream("<?xml version='1.0'?>");
}

TEST_F(XmppGuardTest, RefusesADoctypeInsideTheStream) {
  ExpectEndOfStream("<!DOCTYPE x>");
}

TEST(XmppGuard, RefusesADoctypeBeforeTheStream) {
  for (const std::string_view doctype :
       {"<!DOCTYPE stream>", "<!DOCTYPE s SYSTEM 'http://example.com/s.dtd'>",
        "<!DOCTYPE s [<!ENTITY a 'b'>]>"}) {
    XmppGuard guard;
    RecordingSink sink;
    EXPECT_FALSE(guard.HandleBytes(
        "<?xml version='1.0'?>" + std::string(doctype) + std::string(kHeader),
        sink));
    EXPECT_THAT(sink.passed, IsEmpty());
  }
}

TEST(XmppGuard, RefusesOtherInstructionsBeforeTheStream) {
  XmppGuard guard;
  RecordingSink sink;
  EXPECT_FALSE(guard.HandleBytes("<?xml-stylesheet href='x'?>", sink));
}

TEST_F(XmppGuardTest, RefusesReferencesThatXmlDoesNotDefine) {
  ExpectEndOfStream("<message>&nbsp;</message>");
}

TEST_F(XmppGuardTest, RefusesReferencesInAttributesThatXmlDoesNotDefine) {
  ExpectEndOfStream("<message a='&ext;'/>");
}

TEST(XmppGuard, RefusesReferencesToWhatIsNoCharacter) {
  for (const std::string_view bad :
       {"&", "&;", "&#;", "&#x;", "&amp", "& amp;", "&#0;", "&#8;", "&#xD800;",
        "&#xFFFE;", "&#x110000;", "&#1114112;", "&#-1;", "&#1a;", "&#x1g;",
        "&#X41;", "&#4294967361;", "&AMP;"}) {
    XmppGuard guard;
    RecordingSink sink;
    ASSERT_TRUE(guard.HandleBytes(kHeader, sink));
    EXPECT_FALSE(
        guard.HandleBytes("<message>" + std::string(bad) + "</message>", sink))
        << bad;
    EXPECT_THAT(sink.passed, SizeIs(1)) << bad;
  }
}

TEST_F(XmppGuardTest, PassesReferencesToTheFirstAndLastCharacters) {
  ExpectPassed("<m>&#9;&#10;&#13;&#32;&#xD7FF;&#xE000;&#xFFFD;</m>");
}

TEST_F(XmppGuardTest, ShortensReferencesThatTheParserDoesNotKnow) {
  ASSERT_TRUE(
      Feed("<m a='&#x1F600;&#000060;&#000039;'>&#x10FFFF;&amp;#x10FFFF;"
           "&#x0041;&#x00041;&#1114111;</m>"))
      << guard_.error();
  EXPECT_THAT(sink_.passed,
              ElementsAre("<m a='\xF0\x9F\x98\x80&#60;&#39;'>"
                          "\xF4\x8F\xBF\xBF&amp;#x10FFFF;&#x0041;&#65;"
                          "\xF4\x8F\xBF\xBF</m>"));
}

// ---- UTF-8 (RFC 3629 s4) ----

TEST(XmppGuard, RefusesWhatIsNotUtf8) {
  using std::string_literals::operator""s;
  for (const std::string& bad :
       {"\x80"s, "\xBF"s, "\xC0\x80"s, "\xC1\xBF"s, "\xC3 "s, "\xC3\xC3"s,
        "\xE0\x80\x80"s, "\xE0\x9F\xBF"s, "\xE2\x82 "s, "\xED\xA0\x80"s,
        "\xED\xBF\xBF"s, "\xF0\x80\x80\x80"s, "\xF0\x8F\xBF\xBF"s,
        "\xF0\x9F\x98 "s, "\xF4\x90\x80\x80"s, "\xF5\x80\x80\x80"s, "\xFE"s,
        "\xFF"s}) {
    for (const bool in_attribute : {false, true}) {
      XmppGuard guard;
      RecordingSink sink;
      ASSERT_TRUE(guard.HandleBytes(kHeader, sink));
      EXPECT_FALSE(guard.HandleBytes(
          in_attribute ? "<m a='" + bad + "'/>" : "<m>" + bad + "</m>", sink))
          << ::testing::PrintToString(bad);
      EXPECT_THAT(sink.passed, SizeIs(1));
    }
  }
}

TEST(XmppGuard, RefusesATagInsideACharacter) {
  XmppGuard guard;
  RecordingSink sink;
  ASSERT_TRUE(guard.HandleBytes(kHeader, sink));
  EXPECT_FALSE(guard.HandleBytes("<m>\xE2\x82</m>", sink));
}

TEST_F(XmppGuardTest, PassesTheFirstAndLastOfEachLength) {
  ExpectPassed(
      "<m>\x7F \xC2\x80 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 "
      "\xEF\xBF\xBD \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF</m>");
}

TEST(XmppGuard, RefusesControlCharacters) {
  for (int c = 0; c < 0x20; ++c) {
    if (c == '\t' || c == '\n' || c == '\r') continue;
    XmppGuard guard;
    RecordingSink sink;
    ASSERT_TRUE(guard.HandleBytes(kHeader, sink));
    EXPECT_FALSE(guard.HandleBytes(
        "<m>" + std::string(1, static_cast<char>(c)) + "</m>", sink))
        << c;
  }
}

// XML 1.0 s2.2: U+FFFE and U+FFFF are no characters, written out or not.
TEST(XmppGuard, RefusesWhatXmlHasNoCharacterFor) {
  for (const std::string_view bad : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
    XmppGuard guard;
    RecordingSink sink;
    ASSERT_TRUE(guard.HandleBytes(kHeader, sink));
    EXPECT_FALSE(guard.HandleBytes("<m>" + std::string(bad) + "</m>", sink));
  }
}

// ---- what is not well-formed ----

TEST(XmppGuard, RefusesMalformedTags) {
  for (const std::string_view bad :
       {"< a/>", "<>", "</>", "<a b/>", "<a b=/>", "<a b=c/>", "<a ='c'/>",
        "<a b='c'd='e'/>", "<a 'c'/>", "<a / >", "<a/b/>", "<a &amp;/>",
        "<a b='<'/>", "<a <b/>", "<a></b>", "<a></a b='1'>", "<a><b></a></b>",
        "</a>"}) {
    XmppGuard guard;
    RecordingSink sink;
    ASSERT_TRUE(guard.HandleBytes(kHeader, sink));
    EXPECT_FALSE(guard.HandleBytes(bad, sink)) << bad;
    EXPECT_THAT(sink.passed, SizeIs(1)) << bad;
  }
}

TEST_F(XmppGuardTest, RefusesTextBetweenStanzas) {
  ExpectEndOfStream("hello<presence/>");
}

TEST(XmppGuard, RefusesTextBeforeTheStream) {
  XmppGuard guard;
  RecordingSink sink;
  EXPECT_FALSE(
      guard.HandleBytes("HTTP/1.1 400 Bad Request\r\n\r\n<html>", sink));
  EXPECT_THAT(sink.passed, IsEmpty());
}

TEST(XmppGuard, RefusesAStreamThatEndsWhereItBegins) {
  XmppGuard guard;
  RecordingSink sink;
  EXPECT_FALSE(guard.HandleBytes("<stream:stream/>", sink));
}

TEST(XmppGuard, RefusesAnAttributeTwiceInTheStreamsHeader) {
  XmppGuard guard;
  RecordingSink sink;
  EXPECT_FALSE(guard.HandleBytes("<stream:stream id='1' id='2'>", sink));
  EXPECT_THAT(sink.passed, IsEmpty());
}

TEST_F(XmppGuardTest, NothingPassesAfterAnError) {
  EXPECT_FALSE(Feed("<presence></iq><presence/>"));
  const std::string why = guard_.error();
  EXPECT_FALSE(Feed("</presence><presence/>"));
  EXPECT_FALSE(Feed(""));
  EXPECT_EQ(guard_.error(), why);
  EXPECT_THAT(sink_.passed, IsEmpty());
}

}  // namespace
}  // namespace signaling
