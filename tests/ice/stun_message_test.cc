// SPDX-License-Identifier: GPL-3.0-or-later
#include "ice/stun_message.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "rtp/base/bytes.h"
#include "tests/support/seeded_random.h"

namespace ice {
namespace {

using Bytes = std::vector<uint8_t>;

// Pairs of hexadecimal digits; blanks are skipped.
Bytes FromHex(std::string_view text) {
  Bytes bytes;
  std::string digits;
  for (const char c : text) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<uint8_t>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

// RFC 5769: the password of s2.1 to s2.3, and their transaction.
constexpr std::string_view kVectorPassword = "VOkJxbRl1RmTxUk/WvJxBt";
constexpr StunTransactionId kVectorTransaction = {
    0xB7, 0xE7, 0xA7, 0x01, 0xBC, 0x34, 0xD6, 0x86, 0xFA, 0x87, 0xDF, 0xAE};

Bytes SampleRequest() {  // s2.1
  return FromHex(
      "00010058 2112a442 b7e7a701 bc34d686 fa87dfae"
      "80220010 5354554e 20746573 7420636c 69656e74"  // SOFTWARE
      "00240004 6e0001ff"                             // PRIORITY
      "80290008 932ff9b1 51263b36"                    // ICE-CONTROLLED
      "00060009 6576746a 3a683676 59202020"           // USERNAME
      "00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2"
      "80280004 e57a3bcf");
}

Bytes SampleIpv4Response() {  // s2.2
  return FromHex(
      "0101003c 2112a442 b7e7a701 bc34d686 fa87dfae"
      "8022000b 74657374 20766563 746f7220"  // SOFTWARE
      "00200008 0001a147 e112a643"           // XOR-MAPPED-ADDRESS
      "00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7"
      "80280004 c07d4c96");
}

Bytes SampleIpv6Response() {  // s2.3
  return FromHex(
      "01010048 2112a442 b7e7a701 bc34d686 fa87dfae"
      "8022000b 74657374 20766563 746f7220"                    // SOFTWARE
      "00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9"  // XOR-MAPPED
      "00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41"
      "80280004 c8fb0b4c");
}

Bytes SampleLongTermRequest() {  // s2.4
  return FromHex(
      "00010060 2112a442 78ad3433 c6ad72c0 29da412e"
      "00060012 e3839ee3 8388e383 aae38383 e382afe3 82b90000"  // USERNAME
      "0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946"
      "53547679 36347341"                    // NONCE
      "0014000b 6578616d 706c652e 6f726700"  // REALM
      "00080014 f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666");
}

TEST(StunMessageVectors, Rfc5769Request) {
  const Bytes bytes = SampleRequest();
  const auto message = StunMessage::Parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->message_class, StunClass::kRequest);
  EXPECT_EQ(message->transaction_id, kVectorTransaction);
  EXPECT_EQ(message->username, "evtj:h6vY");
  EXPECT_EQ(message->AddressedUfrag(), "evtj");
  EXPECT_EQ(StunLocalUfrag(bytes), "evtj");
  EXPECT_EQ(message->priority, 0x6E0001FFu);
  EXPECT_EQ(message->ice_controlled, 0x932FF9B151263B36u);
  EXPECT_FALSE(message->ice_controlling);
  EXPECT_FALSE(message->use_candidate);
  EXPECT_FALSE(message->mapped_address);
  EXPECT_EQ(message->error_code, 0);
  EXPECT_EQ(message->unknown_required_count, 0u);
  EXPECT_TRUE(message->has_integrity);
  EXPECT_TRUE(message->has_fingerprint);
  // The padding of USERNAME is blanks here, and is under the integrity.
  EXPECT_TRUE(message->VerifyIntegrity(kVectorPassword));
  EXPECT_FALSE(message->VerifyIntegrity("VOkJxbRl1RmTxUk/WvJxBu"));
}

TEST(StunMessageVectors, Rfc5769Ipv4Response) {
  const Bytes bytes = SampleIpv4Response();
  const auto message = StunMessage::Parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->message_class, StunClass::kSuccess);
  EXPECT_EQ(message->transaction_id, kVectorTransaction);
  EXPECT_EQ(message->mapped_address, SocketAddress::Parse("192.0.2.1", 32853));
  EXPECT_TRUE(message->has_fingerprint);
  EXPECT_TRUE(message->VerifyIntegrity(kVectorPassword));
}

TEST(StunMessageVectors, Rfc5769Ipv6Response) {
  const Bytes bytes = SampleIpv6Response();
  const auto message = StunMessage::Parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->message_class, StunClass::kSuccess);
  EXPECT_EQ(
      message->mapped_address,
      SocketAddress::Parse("2001:db8:1234:5678:11:2233:4455:6677", 32853));
  EXPECT_TRUE(message->has_fingerprint);
  EXPECT_TRUE(message->VerifyIntegrity(kVectorPassword));
}

// Long-term credentials are none of ours: the key is handed in ready made, and
// REALM and NONCE count as attributes that we do not know.
TEST(StunMessageVectors, Rfc5769LongTermRequest) {
  const Bytes bytes = SampleLongTermRequest();
  const auto message = StunMessage::Parse(bytes);
  ASSERT_TRUE(message);
  const std::string user =
      "\u30DE\u30C8\u30EA\u30C3\u30AF\u30B9";  // six katakana
  EXPECT_EQ(message->username, user);
  EXPECT_FALSE(message->has_fingerprint);
  ASSERT_EQ(message->unknown_required_count, 2u);
  EXPECT_EQ(message->unknown_required[0], 0x0015);
  EXPECT_EQ(message->unknown_required[1], 0x0014);
  EXPECT_FALSE(StunLocalUfrag(bytes));
  // RFC 8489 s9.2.2: MD5 of user, realm and password after SASLprep.
  const std::string secret = user + ":example.org:TheMatrIX";
  std::array<char, 16> key;
  unsigned size = 0;
  ASSERT_EQ(EVP_Digest(secret.data(), secret.size(),
                       reinterpret_cast<uint8_t*>(key.data()), &size, EVP_md5(),
                       nullptr),
            1);
  EXPECT_TRUE(message->VerifyIntegrity({key.data(), size}));
  EXPECT_FALSE(message->VerifyIntegrity("TheMatrIX"));
}

// What the RFC's messages say, built by us: the attributes of s2.2 and s2.3
// bit by bit. SOFTWARE is not ours to write, so integrity differs.
TEST(StunMessageVectors, Rfc5769MappedAddressesAreWrittenAlike) {
  struct Case {
    SocketAddress address;
    Bytes response;
    size_t size;
  };
  const Case cases[] = {
      {*SocketAddress::Parse("192.0.2.1", 32853), SampleIpv4Response(), 12},
      {*SocketAddress::Parse("2001:db8:1234:5678:11:2233:4455:6677", 32853),
       SampleIpv6Response(), 24},
  };
  for (const Case& c : cases) {
    std::array<uint8_t, 64> buffer;
    StunWriter writer(buffer, StunClass::kSuccess, kVectorTransaction);
    writer.AddMappedAddress(c.address);
    ASSERT_TRUE(writer.ok());
    ASSERT_EQ(writer.written().size(), 20 + c.size);
    EXPECT_TRUE(std::equal(writer.written().begin() + 20,
                           writer.written().end(), c.response.begin() + 36));
  }
}

constexpr std::string_view kPassword = "a password of 22 chars";

// A message put together by hand, for what StunWriter would not write.
class Message {
 public:
  explicit Message(uint16_t type) : bytes_(20) {
    rtp::StoreU16(bytes_, 0, type);
    rtp::StoreU32(bytes_, 4, 0x2112A442);
  }
  Message& Add(uint16_t type, const Bytes& value) {
    const size_t at = bytes_.size();
    bytes_.resize(at + 4 + (value.size() + 3) / 4 * 4);
    rtp::StoreU16(bytes_, at, type);
    rtp::StoreU16(bytes_, at + 2, static_cast<uint16_t>(value.size()));
    std::copy(value.begin(), value.end(), bytes_.begin() + at + 4);
    rtp::StoreU16(bytes_, 2, static_cast<uint16_t>(bytes_.size() - 20));
    return *this;
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

// A whole connectivity check.
Bytes MakeCheck() {
  std::array<uint8_t, 256> buffer;
  StunWriter writer(buffer, StunClass::kRequest, kVectorTransaction);
  writer.AddUsername("local:remote");
  writer.AddPriority(0x6E0001FF);
  writer.AddIceControlling(0x0102030405060708);
  writer.AddUseCandidate();
  writer.AddIntegrity(kPassword);
  writer.AddFingerprint();
  EXPECT_TRUE(writer.ok());
  return {writer.written().begin(), writer.written().end()};
}

TEST(StunMessage, ReadsWhatWasWritten) {
  const Bytes bytes = MakeCheck();
  const auto message = StunMessage::Parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->message_class, StunClass::kRequest);
  EXPECT_EQ(message->transaction_id, kVectorTransaction);
  EXPECT_EQ(message->username, "local:remote");
  EXPECT_EQ(message->AddressedUfrag(), "local");
  EXPECT_EQ(message->priority, 0x6E0001FFu);
  EXPECT_EQ(message->ice_controlling, 0x0102030405060708u);
  EXPECT_FALSE(message->ice_controlled);
  EXPECT_TRUE(message->use_candidate);
  EXPECT_TRUE(message->has_integrity);
  EXPECT_TRUE(message->has_fingerprint);
  EXPECT_TRUE(message->VerifyIntegrity(kPassword));
}

TEST(StunMessage, ReadsTheFourClasses) {
  for (const StunClass c : {StunClass::kRequest, StunClass::kIndication,
                            StunClass::kSuccess, StunClass::kError}) {
    std::array<uint8_t, 20> buffer;
    StunWriter writer(buffer, c, kVectorTransaction);
    ASSERT_TRUE(writer.ok());
    const auto message = StunMessage::Parse(writer.written());
    ASSERT_TRUE(message);
    EXPECT_EQ(message->message_class, c);
  }
}

TEST(StunMessage, ReadsAnError) {
  std::array<uint8_t, 128> buffer;
  StunWriter writer(buffer, StunClass::kError, kVectorTransaction);
  writer.AddErrorCode(487, "Role Conflict");
  writer.AddUnknownAttributes(std::array<uint16_t, 3>{1, 2, 3});
  const auto message = StunMessage::Parse(writer.written());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->error_code, 487);
  // RFC 8489 s14.8 and s14.13, on the wire; padding is zero.
  const Bytes expected = FromHex(
      "00090011 00000457 526f6c65 20436f6e 666c6963 74000000"
      "000a0006 00010002 00030000");
  EXPECT_EQ(Bytes(writer.written().begin() + 20, writer.written().end()),
            expected);
}

// RFC 8489 s14.8: a class from 3 to 6 and a number up to 99.
TEST(StunMessage, RefusesAnErrorCodeThatIsNone) {
  const auto parse = [](uint8_t c, uint8_t number) {
    return StunMessage::Parse(
        Message(0x0111).Add(0x0009, {0, 0, c, number}).bytes());
  };
  ASSERT_TRUE(parse(3, 0));
  EXPECT_EQ(parse(3, 0)->error_code, 300);
  ASSERT_TRUE(parse(6, 99));
  EXPECT_EQ(parse(6, 99)->error_code, 699);
  EXPECT_FALSE(parse(0, 0));
  EXPECT_FALSE(parse(2, 99));
  EXPECT_FALSE(parse(7, 0));
  EXPECT_FALSE(parse(4, 100));
  EXPECT_FALSE(parse(4, 255));
}

TEST(StunMessage, RefusesOtherMethodsAndLeadingBits) {
  for (unsigned type = 0; type < 0x10000; ++type) {
    const bool binding =
        type == 0x0001 || type == 0x0011 || type == 0x0101 || type == 0x0111;
    ASSERT_EQ(StunMessage::Parse(Message(static_cast<uint16_t>(type)).bytes())
                  .has_value(),
              binding)
        << type;
  }
}

TEST(StunMessage, RefusesAnotherCookie) {
  Bytes bytes = Message(0x0001).bytes();
  ASSERT_TRUE(StunMessage::Parse(bytes));
  for (size_t bit = 0; bit < 32; ++bit) {
    Bytes other = bytes;
    other[4 + bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(StunMessage::Parse(other));
  }
}

TEST(StunMessage, RefusesEachTruncationAndExtension) {
  const Bytes bytes = MakeCheck();
  for (size_t size = 0; size < bytes.size(); ++size) {
    // A copy of its own, so that a sanitizer sees a read beyond.
    const Bytes cut(bytes.begin(), bytes.begin() + size);
    EXPECT_FALSE(StunMessage::Parse(cut)) << size;
  }
  for (size_t more = 1; more <= 8; ++more) {
    Bytes longer = bytes;
    longer.resize(bytes.size() + more);
    EXPECT_FALSE(StunMessage::Parse(longer)) << more;
  }
}

// RFC 8489 s5: the length counts whole words.
TEST(StunMessage, RefusesAnOddLength) {
  for (size_t more = 1; more < 4; ++more) {
    Bytes bytes = Message(0x0001).bytes();
    bytes.resize(20 + more);
    rtp::StoreU16(bytes, 2, static_cast<uint16_t>(more));
    EXPECT_FALSE(StunMessage::Parse(bytes));
  }
}

TEST(StunMessage, RefusesAnAttributeBeyondTheEnd) {
  for (const uint16_t size :
       std::to_array<uint16_t>({5, 8, 0x7FFF, 0xFFFC, 0xFFFD, 0xFFFF})) {
    Bytes bytes = Message(0x0001).Add(0x8022, Bytes(4, 'x')).bytes();
    ASSERT_TRUE(StunMessage::Parse(bytes));
    rtp::StoreU16(bytes, 22, size);
    EXPECT_FALSE(StunMessage::Parse(bytes)) << size;
  }
}

TEST(StunMessage, LimitsSizeAndNumberOfAttributes) {
  Message most(0x0001);
  for (size_t i = 0; i < kMaxStunAttributes; ++i) most.Add(0x8022, {});
  EXPECT_TRUE(StunMessage::Parse(most.bytes()));
  EXPECT_FALSE(StunMessage::Parse(most.Add(0x8022, {}).bytes()));
  EXPECT_TRUE(StunMessage::Parse(
      Message(0x0001).Add(0x8022, Bytes(kMaxStunSize - 24)).bytes()));
  EXPECT_FALSE(StunMessage::Parse(
      Message(0x0001).Add(0x8022, Bytes(kMaxStunSize - 20)).bytes()));
}

TEST(StunMessage, RefusesValuesOfTheWrongSize) {
  struct Case {
    uint16_t type;
    size_t right;
  };
  for (const Case c :
       {Case{0x0024, 4}, Case{0x8029, 8}, Case{0x802A, 8}, Case{0x0008, 20}}) {
    for (size_t size = 0; size <= 24; ++size) {
      EXPECT_EQ(
          StunMessage::Parse(Message(0x0001).Add(c.type, Bytes(size)).bytes())
              .has_value(),
          size == c.right)
          << c.type << " of " << size;
    }
  }
}

TEST(StunMessage, RefusesMappedAddressesThatAreNone) {
  for (const uint8_t family : std::to_array<uint8_t>({0, 1, 2, 3, 255})) {
    for (size_t size = 0; size <= 24; ++size) {
      Bytes value(size);
      if (size > 1) value[1] = family;
      const bool right =
          (family == 1 && size == 8) || (family == 2 && size == 20);
      EXPECT_EQ(StunMessage::Parse(Message(0x0101).Add(0x0020, value).bytes())
                    .has_value(),
                right)
          << int{family} << " of " << size;
    }
  }
}

// RFC 8489 s14.3: fewer than 509 bytes; what is longer than older texts allow
// (513) is refused.
TEST(StunMessage, RefusesALongUsername) {
  EXPECT_TRUE(
      StunMessage::Parse(Message(0x0001).Add(0x0006, Bytes(508, 'u')).bytes()));
  EXPECT_FALSE(
      StunMessage::Parse(Message(0x0001).Add(0x0006, Bytes(514, 'u')).bytes()));
}

// RFC 8489 s6.3.1 and s14: required ones are told, optional ones passed over.
TEST(StunMessage, NamesRequiredAttributesThatItDoesNotKnow) {
  const auto message = StunMessage::Parse(Message(0x0001)
                                              .Add(0x7FFF, {1, 2, 3})
                                              .Add(0x8000, {1})
                                              .Add(0x0003, {})
                                              .Add(0xFFFF, {})
                                              .bytes());
  ASSERT_TRUE(message);
  ASSERT_EQ(message->unknown_required_count, 2u);
  EXPECT_EQ(message->unknown_required[0], 0x7FFF);
  EXPECT_EQ(message->unknown_required[1], 0x0003);
}

TEST(StunMessage, NamesOnlyAsManyUnknownAttributesAsItCan) {
  Message many(0x0001);
  for (size_t i = 0; i < 20; ++i) many.Add(0x7F00, {});
  const auto message = StunMessage::Parse(many.bytes());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->unknown_required_count, message->unknown_required.size());
}

TEST(StunMessage, IntegrityCoversEachBitBeforeIt) {
  const Bytes bytes = MakeCheck();
  // Without the fingerprint, which would tell of the change first.
  Bytes bare(bytes.begin(), bytes.end() - 8);
  rtp::StoreU16(bare, 2, static_cast<uint16_t>(bare.size() - 20));
  ASSERT_TRUE(StunMessage::Parse(bare)->VerifyIntegrity(kPassword));
  for (size_t bit = 0; bit < bare.size() * 8; ++bit) {
    Bytes changed = bare;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const auto message = StunMessage::Parse(changed);
    EXPECT_FALSE(message && message->VerifyIntegrity(kPassword)) << bit;
  }
}

TEST(StunMessage, FingerprintTellsOfEachChangedBit) {
  const Bytes bytes = MakeCheck();
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes changed = bytes;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const auto message = StunMessage::Parse(changed);
    // A change of the fingerprint's type makes it another attribute; of the
    // type only.
    EXPECT_TRUE(!message || !message->has_fingerprint) << bit;
  }
}

TEST(StunMessage, NoKeyVerifiesNothing) {
  const Bytes bytes = MakeCheck();
  const auto message = StunMessage::Parse(bytes);
  EXPECT_FALSE(message->VerifyIntegrity(""));
  EXPECT_FALSE(message->VerifyIntegrity(kPassword.substr(1)));
  std::array<uint8_t, 64> buffer;
  StunWriter writer(buffer, StunClass::kRequest, kVectorTransaction);
  writer.AddUsername("local:remote");
  const auto bare = StunMessage::Parse(writer.written());
  ASSERT_TRUE(bare);
  EXPECT_FALSE(bare->has_integrity);
  EXPECT_FALSE(bare->VerifyIntegrity(kPassword));
}

// RFC 8489 s14.5: attributes after MESSAGE-INTEGRITY are ignored.
TEST(StunMessage, IgnoresWhatFollowsTheIntegrity) {
  std::array<uint8_t, 256> buffer;
  StunWriter writer(buffer, StunClass::kRequest, kVectorTransaction);
  writer.AddUsername("local:remote");
  writer.AddIntegrity(kPassword);
  writer.AddUsername("other:remote");
  writer.AddUseCandidate();
  writer.AddIceControlled(1);
  writer.AddPriority(7);
  writer.AddFingerprint();
  const auto message = StunMessage::Parse(writer.written());
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->VerifyIntegrity(kPassword));
  EXPECT_EQ(message->username, "local:remote");
  EXPECT_FALSE(message->use_candidate);
  EXPECT_FALSE(message->ice_controlled);
  EXPECT_FALSE(message->priority);
  EXPECT_TRUE(message->has_fingerprint);
}

// The first MESSAGE-INTEGRITY is the one that counts, not a second one that
// also covers what was appended.
TEST(StunMessage, ASecondIntegrityReplacesNone) {
  std::array<uint8_t, 256> buffer;
  StunWriter writer(buffer, StunClass::kRequest, kVectorTransaction);
  writer.AddUsername("local:remote");
  writer.AddIntegrity("another password, wrong");
  writer.AddIntegrity(kPassword);
  const auto message = StunMessage::Parse(writer.written());
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->VerifyIntegrity(kPassword));
}

// RFC 8489 s14.7: FINGERPRINT is the last attribute.
TEST(StunMessage, RefusesAFingerprintThatIsNotLast) {
  std::array<uint8_t, 256> buffer;
  StunWriter writer(buffer, StunClass::kRequest, kVectorTransaction);
  writer.AddUsername("local:remote");
  writer.AddFingerprint();
  ASSERT_TRUE(StunMessage::Parse(writer.written()));
  writer.AddIntegrity(kPassword);
  ASSERT_TRUE(writer.ok());
  EXPECT_FALSE(StunMessage::Parse(writer.written()));
}

// RFC 8489 s14: of several the first counts. Whoever looks up the ufrag and
// whoever verifies it must mean the same one.
TEST(StunMessage, TheFirstUsernameCounts) {
  const Bytes bytes = Message(0x0001)
                          .Add(0x0006, {'a', ':', 'b'})
                          .Add(0x0006, {'c', ':', 'd'})
                          .bytes();
  const auto message = StunMessage::Parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->username, "a:b");
  EXPECT_EQ(StunLocalUfrag(bytes), "a");
}

TEST(StunMessage, AddressedUfragEndsAtTheFirstColon) {
  const auto ufrag = [](std::string_view username) {
    StunMessage message;
    message.username = username;
    return message.AddressedUfrag();
  };
  EXPECT_EQ(ufrag("a:b"), "a");
  EXPECT_EQ(ufrag("a:b:c"), "a");
  EXPECT_EQ(ufrag(":b"), "");
  EXPECT_EQ(ufrag(""), "");
}

TEST(StunMessage, FindsTheUfragWithoutJudgingTheRest) {
  Bytes bytes = MakeCheck();
  EXPECT_EQ(StunLocalUfrag(bytes), "local");
  bytes.back() ^= 1;  // a wrong fingerprint
  EXPECT_EQ(StunLocalUfrag(bytes), "local");
  const auto of = [](const Bytes& name) {
    const Bytes message = Message(0x0001).Add(0x0006, name).bytes();
    const auto found = StunLocalUfrag(message);
    return found ? std::string(*found) : std::string("nothing");
  };
  EXPECT_EQ(of({'a', ':'}), "a");
  EXPECT_EQ(of({'a'}), "nothing");
  EXPECT_EQ(of({}), "nothing");
  EXPECT_FALSE(StunLocalUfrag(Message(0x0001).bytes()));
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Bytes cut(bytes.begin(), bytes.begin() + size);
    EXPECT_FALSE(StunLocalUfrag(cut)) << size;
  }
}

TEST(StunMessage, ReadsAnythingWithoutHarm) {
  support::SeededRandom random(5769);
  const Bytes check = MakeCheck();
  for (int i = 0; i < 20'000; ++i) {
    std::array<uint8_t, 8> dice;
    random.Fill(dice);
    Bytes bytes = check;
    if (dice[0] % 2 == 0) bytes.resize(20 + dice[1] / 4 * 4);
    for (int change = 0; change < dice[2] % 4 + 1; ++change) {
      std::array<uint8_t, 3> where;
      random.Fill(where);
      bytes[(where[0] << 8 | where[1]) % bytes.size()] = where[2];
    }
    rtp::StoreU16(bytes, 2, static_cast<uint16_t>(bytes.size() - 20));
    StunLocalUfrag(bytes);
    const auto message = StunMessage::Parse(bytes);
    // A change in what the integrity covers never goes unseen.
    if (message && message->VerifyIntegrity(kPassword)) {
      EXPECT_TRUE(
          std::equal(bytes.begin() + 4, bytes.begin() + 84, check.begin() + 4));
    }
  }
}

TEST(StunWriter, FillsPaddingWithZeros) {
  std::array<uint8_t, 64> buffer;
  buffer.fill(0xEE);
  StunWriter writer(buffer, StunClass::kRequest, kVectorTransaction);
  writer.AddUsername("a:b:c");
  ASSERT_EQ(writer.written().size(), 32u);
  for (size_t i = 29; i < 32; ++i) EXPECT_EQ(writer.written()[i], 0) << i;
}

TEST(StunWriter, WritesNothingBeyondItsBuffer) {
  const size_t whole = MakeCheck().size();
  for (size_t size = 0; size <= whole; ++size) {
    Bytes buffer(size);  // on the heap: a sanitizer sees a write beyond
    StunWriter writer(buffer, StunClass::kRequest, kVectorTransaction);
    writer.AddUsername("local:remote");
    writer.AddPriority(0x6E0001FF);
    writer.AddIceControlling(0x0102030405060708);
    writer.AddUseCandidate();
    writer.AddIntegrity(kPassword);
    writer.AddFingerprint();
    EXPECT_EQ(writer.ok(), size == whole) << size;
    EXPECT_LE(writer.written().size(), size);
  }
}

// Once something did not fit, nothing smaller is squeezed in after it.
TEST(StunWriter, StaysFailed) {
  std::array<uint8_t, 40> buffer;
  StunWriter writer(buffer, StunClass::kRequest, kVectorTransaction);
  writer.AddUsername(std::string(30, 'u'));
  EXPECT_FALSE(writer.ok());
  writer.AddPriority(1);
  EXPECT_FALSE(writer.ok());
  EXPECT_EQ(writer.written().size(), 20u);
}

// An attribute's length has 16 bits; a longer value is no shorter one.
TEST(StunWriter, RefusesMoreThanAMessageHolds) {
  Bytes buffer(80'000);
  StunWriter writer(buffer, StunClass::kRequest, kVectorTransaction);
  writer.AddUsername(std::string(65'540, 'u'));
  EXPECT_FALSE(writer.ok());
}

TEST(StunWriter, IntegrityCoversTheLengthWithItself) {
  // The same message by hand: HMAC-SHA1 is judged by s2.1's vector, so it is
  // enough that reader and writer agree with and without a fingerprint.
  std::array<uint8_t, 128> buffer;
  StunWriter writer(buffer, StunClass::kSuccess, kVectorTransaction);
  writer.AddMappedAddress(*SocketAddress::Parse("192.0.2.1", 32853));
  writer.AddIntegrity(kVectorPassword);
  EXPECT_TRUE(
      StunMessage::Parse(writer.written())->VerifyIntegrity(kVectorPassword));
  writer.AddFingerprint();
  const auto message = StunMessage::Parse(writer.written());
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->VerifyIntegrity(kVectorPassword));
}

}  // namespace
}  // namespace ice
