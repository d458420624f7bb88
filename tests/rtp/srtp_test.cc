// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <srtp2/srtp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "rtp/base/bytes.h"
#include "rtp/srtp_kdf.h"
#include "rtp/srtp_session.h"
#include "rtp/srtp_transform.h"
#include "tests/rtp/hex.h"
#include "tests/support/seeded_random.h"

namespace rtp {

// The examples of RFC 3711 B.2 and RFC 7714 are in terms of session keys, which
// SrtpTransform derives and keeps. An explicit instantiation may name private
// members, so this puts the keys of the examples into a real SrtpTransform.
SrtpSessionKey& KeyOf(SrtpTransform& transform);
EVP_CIPHER_CTX* ContextOf(SrtpTransform& transform);
template <auto kKey, auto kContext>
struct SrtpTransformAccess {
  friend SrtpSessionKey& KeyOf(SrtpTransform& transform) {
    return transform.*kKey;
  }
  friend EVP_CIPHER_CTX* ContextOf(SrtpTransform& transform) {
    return (transform.*kContext).get();
  }
};
template struct SrtpTransformAccess<&SrtpTransform::key_,
                                    &SrtpTransform::context_>;

namespace {

using enum SrtpProfile;

constexpr std::array<SrtpProfile, 3> kProfiles = {
    kAeadAes128Gcm, kAeadAes256Gcm, kAesCm128HmacSha1_80};

SrtpMasterKey Master(const Bytes& key, const Bytes& salt) {
  SrtpMasterKey master;
  std::copy(key.begin(), key.end(), master.key.begin());
  std::copy(salt.begin(), salt.end(), master.salt.begin());
  return master;
}

Bytes Derived(std::span<const uint8_t> field, size_t size) {
  return Copy(field.first(size));
}

void SetSessionKey(SrtpTransform& transform, const Bytes& cipher,
                   const Bytes& salt) {
  SrtpSessionKey& key = KeyOf(transform);
  std::copy(cipher.begin(), cipher.end(), key.cipher.begin());
  std::copy(salt.begin(), salt.end(), key.salt.begin());
  ASSERT_EQ(EVP_CipherInit_ex(ContextOf(transform), nullptr, nullptr,
                              key.cipher.data(), nullptr, -1),
            1);
}

// Key derivation.

TEST(SrtpKdfVectors, Rfc3711B3) {
  const SrtpMasterKey master = Master(Hex("E1F97A0D3E018BE0D64FA32C06DE4139"),
                                      Hex("0EC675AD498AFEEBB6960B3AABE6"));
  SrtpSessionKey key;
  ASSERT_TRUE(
      DeriveSrtpKey(kAesCm128HmacSha1_80, master, SrtpStream::kRtp, &key));
  EXPECT_EQ(Derived(key.cipher, 16), Hex("C61E7A93744F39EE10734AFE3FF7A087"));
  EXPECT_EQ(Derived(key.salt, 14), Hex("30CBBC08863D8C85D49DB34A9AE1"));
  // The first 20 of the example's 94 bytes: a longer key begins alike.
  EXPECT_EQ(Derived(key.auth, 20),
            Hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

// AES in counter mode by hand: what RFC 3711 s4.3.3 and RFC 6188 s3 say.
Bytes Prf(const Bytes& key, Bytes salt, uint8_t label, size_t size) {
  salt.resize(14);
  salt[7] ^= label;
  Bytes out;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex(context,
                     key.size() == 32 ? EVP_aes_256_ecb() : EVP_aes_128_ecb(),
                     nullptr, key.data(), nullptr);
  for (uint8_t counter = 0; out.size() < size; ++counter) {
    Bytes block = salt;
    block.insert(block.end(), {0, counter});
    Bytes encrypted(16);
    int written = 0;
    EVP_EncryptUpdate(context, encrypted.data(), &written, block.data(), 16);
    out.insert(out.end(), encrypted.begin(), encrypted.end());
  }
  EVP_CIPHER_CTX_free(context);
  out.resize(size);
  return out;
}

// RFC 6188 s7.2 has a salt of 14 bytes, which no profile of WebRTC with
// AES-256 has; so the function that the others are held against is what is
// tested here.
TEST(SrtpKdfVectors, Rfc6188Section72) {
  const Bytes key =
      Hex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6");
  const Bytes salt = Hex("3b04803de51ee7c96423ab5b78d2");
  EXPECT_EQ(Prf(key, salt, 0, 32), Hex("5ba1064e30ec51613cad926c5a28ef73"
                                       "1ec7fb397f70a960653caf06554cd8c4"));
  EXPECT_EQ(Prf(key, salt, 2, 14), Hex("fa31791685ca444a9e07c6c64e93"));
  EXPECT_EQ(Prf(key, salt, 1, 20),
            Hex("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"));
}

TEST(SrtpKdf, EveryProfileAndStreamUsesItsLabels) {
  support::SeededRandom random(9);
  for (const SrtpProfile profile : kProfiles) {
    Bytes key(SrtpKeySize(profile));
    Bytes salt(SrtpSaltSize(profile));
    random.Fill(key);
    random.Fill(salt);
    for (const SrtpStream stream : {SrtpStream::kRtp, SrtpStream::kRtcp}) {
      const uint8_t base = stream == SrtpStream::kRtp ? 0 : 3;
      SrtpSessionKey out;
      ASSERT_TRUE(DeriveSrtpKey(profile, Master(key, salt), stream, &out));
      EXPECT_EQ(Derived(out.cipher, key.size()),
                Prf(key, salt, base, key.size()));
      EXPECT_EQ(Derived(out.auth, 20),
                Prf(key, salt, static_cast<uint8_t>(base + 1), 20));
      EXPECT_EQ(Derived(out.salt, salt.size()),
                Prf(key, salt, static_cast<uint8_t>(base + 2), salt.size()));
    }
  }
}

TEST(SrtpKdf, IgnoresWhatIsBeyondTheSizes) {
  SrtpMasterKey a = Master(Bytes(16, 1), Bytes(12, 2));
  SrtpMasterKey b = a;
  std::fill(b.key.begin() + 16, b.key.end(), uint8_t{9});
  std::fill(b.salt.begin() + 12, b.salt.end(), uint8_t{9});
  SrtpSessionKey from_a;
  SrtpSessionKey from_b;
  ASSERT_TRUE(DeriveSrtpKey(kAeadAes128Gcm, a, SrtpStream::kRtp, &from_a));
  ASSERT_TRUE(DeriveSrtpKey(kAeadAes128Gcm, b, SrtpStream::kRtp, &from_b));
  EXPECT_EQ(from_a.cipher, from_b.cipher);
  EXPECT_EQ(from_a.salt, from_b.salt);
}

// The transform.

TEST(SrtpTransformVectors, Rfc3711B2Keystream) {
  SrtpTransform transform(kAesCm128HmacSha1_80, SrtpMasterKey(),
                          SrtpStream::kRtp, true);
  SetSessionKey(transform, Hex("2B7E151628AED2A6ABF7158809CF4F3C"),
                Hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"));
  Bytes keystream(1'044'512);
  ASSERT_TRUE(transform.Crypt(0, 0, keystream, keystream.data()));
  const auto block = [&](size_t counter) {
    return Copy(std::span(keystream).subspan(counter * 16, 16));
  };
  EXPECT_EQ(block(0), Hex("E03EAD0935C95E80E166B16DD92B4EB4"));
  EXPECT_EQ(block(1), Hex("D23513162B02D0F72A43A2FE4A5F97AB"));
  EXPECT_EQ(block(2), Hex("41E95B3BB0A2E8DD477901E4FCA894C0"));
  EXPECT_EQ(block(0xFEFF), Hex("EC8CDF7398607CB0F2D21675EA9EA1E4"));
  EXPECT_EQ(block(0xFF00), Hex("362B7C3C6773516318A077D7FC5073AE"));
  EXPECT_EQ(block(0xFF01), Hex("6A2CC3787889374FBEB4C81B17BA6C44"));
}

// RFC 7714 s16 and s17: keys 00 01 02 and so on, salt "Quid pro quo".
const Bytes kGcmKey128 = Hex("000102030405060708090a0b0c0d0e0f");
const Bytes kGcmKey256 =
    Hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
const Bytes kGcmSalt = Hex("517569642070726f2071756f");

struct GcmExample {
  SrtpProfile profile;
  const Bytes& key;
  SrtpStream stream;
  uint32_t ssrc;
  uint64_t index;
  Bytes aad;
  Bytes aad_tail;
  Bytes plain;
  Bytes sealed;  // with the tag
};

std::vector<GcmExample> GcmExamples() {
  const Bytes rtp_header = Hex("8040f17b8041f8d35501a0b2");
  const Bytes rtp_text =
      Hex("47616c6c696120657374206f6d6e697320646976"
          "69736120696e207061727465732074726573");
  const Bytes rtcp_header = Hex("81c8000d4d617273");
  const Bytes rtcp_text =
      Hex("4e5450314e545032525450200000042a0000e9304c756e61"
          "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef");
  const Bytes esrtcp = Hex("800005d4");
  return {
      {kAeadAes128Gcm,
       kGcmKey128,
       SrtpStream::kRtp,
       0x5501a0b2,
       0xf17b,
       rtp_header,
       {},
       rtp_text,
       Hex("f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b"
           "36de3adf8833899d7f27beb16a9152cf765ee4390cce")},
      {kAeadAes256Gcm,
       kGcmKey256,
       SrtpStream::kRtp,
       0x5501a0b2,
       0xf17b,
       rtp_header,
       {},
       rtp_text,
       Hex("32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f"
           "1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13")},
      {kAeadAes128Gcm, kGcmKey128, SrtpStream::kRtcp, 0x4d617273, 0x5d4,
       rtcp_header, esrtcp, rtcp_text,
       Hex("63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda"
           "4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade")},
      {kAeadAes256Gcm, kGcmKey256, SrtpStream::kRtcp, 0x4d617273, 0x5d4,
       rtcp_header, esrtcp, rtcp_text,
       Hex("d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be"
           "8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be")},
  };
}

TEST(SrtpTransformVectors, Rfc7714Seal) {
  for (const GcmExample& e : GcmExamples()) {
    SrtpTransform transform(e.profile, SrtpMasterKey(), e.stream, true);
    SetSessionKey(transform, e.key, kGcmSalt);
    Bytes out(e.plain.size() + 16);
    ASSERT_TRUE(transform.Seal(e.ssrc, e.index, e.aad, e.aad_tail, e.plain,
                               out.data(), std::span(out).last(16)));
    EXPECT_EQ(out, e.sealed);
  }
}

TEST(SrtpTransformVectors, Rfc7714Open) {
  for (const GcmExample& e : GcmExamples()) {
    SrtpTransform transform(e.profile, SrtpMasterKey(), e.stream, false);
    SetSessionKey(transform, e.key, kGcmSalt);
    Bytes out(e.plain.size());
    const std::span<const uint8_t> sealed = e.sealed;
    EXPECT_TRUE(transform.Open(e.ssrc, e.index, e.aad, e.aad_tail,
                               sealed.first(e.plain.size()), out.data(),
                               sealed.last(16)));
    EXPECT_EQ(out, e.plain);
  }
}

// RFC 7714 s16.1.3, s17.3: everything is additional data, nothing is secret.
TEST(SrtpTransform, GcmTagsWithoutText) {
  const Bytes packet = Hex("8040f17b8041f8d35501a0b247616c6c");
  SrtpTransform sender(kAeadAes128Gcm, SrtpMasterKey(), SrtpStream::kRtp, true);
  SrtpTransform receiver(kAeadAes128Gcm, SrtpMasterKey(), SrtpStream::kRtp,
                         false);
  Bytes tag(16);
  uint8_t nothing = 0;
  ASSERT_TRUE(sender.Seal(1, 2, packet, {}, {}, &nothing, tag));
  EXPECT_TRUE(receiver.Open(1, 2, packet, {}, {}, &nothing, tag));
  tag[15] ^= 1;
  EXPECT_FALSE(receiver.Open(1, 2, packet, {}, {}, &nothing, tag));
}

// RFC 2202 is about HMAC with keys of any size; ours are the derived ones.
TEST(SrtpTransform, AuthenticatesAsHmacSha1) {
  support::SeededRandom random(80);
  for (size_t size = 0; size < 200; size += 7) {
    SrtpMasterKey master;
    random.Fill(master.key);
    random.Fill(master.salt);
    SrtpSessionKey key;
    ASSERT_TRUE(
        DeriveSrtpKey(kAesCm128HmacSha1_80, master, SrtpStream::kRtp, &key));
    const SrtpTransform transform(kAesCm128HmacSha1_80, master,
                                  SrtpStream::kRtp, true);
    Bytes message(size + 4);
    random.Fill(message);
    Bytes tag(10);
    transform.Authenticate(std::span(message).first(size),
                           std::span(message).last(4), tag.data());
    Bytes expected(20);
    unsigned written = 0;
    HMAC(EVP_sha1(), key.auth.data(), static_cast<int>(key.auth.size()),
         message.data(), message.size(), expected.data(), &written);
    expected.resize(10);
    EXPECT_EQ(tag, expected);
  }
}

// The session.

SrtpKeys SameKeys(SrtpProfile profile, const SrtpMasterKey& master) {
  return SrtpKeys{profile, master, master};
}

SrtpKeys TestKeys(SrtpProfile profile) {
  support::SeededRandom random(static_cast<uint32_t>(profile));
  SrtpMasterKey master;
  random.Fill(master.key);
  random.Fill(master.salt);
  return SameKeys(profile, master);
}

Bytes ProtectRtp(SrtpSession& session, Bytes packet, uint32_t roc,
                 size_t header_size = 12) {
  packet.resize(packet.size() + session.rtp_overhead());
  session.ProtectRtp(packet, header_size, roc);
  return packet;
}

Bytes ProtectRtcp(SrtpSession& session, Bytes packet) {
  packet.resize(packet.size() + session.rtcp_overhead());
  session.ProtectRtcp(packet);
  return packet;
}

std::pair<SrtpStatus, Bytes> UnprotectRtp(SrtpSession& session,
                                          const Bytes& packet) {
  Bytes out(packet.size());
  const auto result = session.UnprotectRtp(packet, out);
  out.resize(result.size);
  return {result.status, out};
}

std::pair<SrtpStatus, Bytes> UnprotectRtcp(SrtpSession& session,
                                           const Bytes& packet) {
  Bytes out(packet.size());
  const auto result = session.UnprotectRtcp(packet, out);
  out.resize(result.size);
  return {result.status, out};
}

// The reference packets of libsrtp's own tests.
struct ReferencePackets {
  SrtpProfile profile;
  SrtpMasterKey master;
  Bytes srtp;
  Bytes srtcp;
};

std::vector<ReferencePackets> References() {
  return {
      {kAesCm128HmacSha1_80,
       Master(Hex("e1f97a0d3e018be0d64fa32c06de4139"),
              Hex("0ec675ad498afeebb6960b3aabe6")),
       Hex("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402"
           "b78d6acc99ea179b8dbb"),
       Hex("81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001"
           "993e08cd54d6c1230798")},
      {kAeadAes128Gcm,
       Master(Hex("000102030405060708090a0b0c0d0e0f"),
              Hex("a0a1a2a3a4a5a6a7a8a9aaab")),
       Hex("800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06e"
           "d2976826f796b201df3131a127e8a392"),
       Hex("81c8000bcafebabec98b8b5df0392a55852b6c21ac8e7025c52c6fbe"
           "a2b3b446ea31123ba88ce61e80000001")},
  };
}

TEST(SrtpSessionVectors, ReferencePackets) {
  const Bytes rtp =
      Hex("800f1234decafbadcafebabe"
          "abababababababababababababababab");
  const Bytes rtcp = Hex("81c8000bcafebabeabababababababababababababababab");
  for (const ReferencePackets& r : References()) {
    SrtpSession session(SameKeys(r.profile, r.master));
    EXPECT_EQ(ProtectRtp(session, rtp, 0), r.srtp);
    EXPECT_EQ(ProtectRtcp(session, rtcp), r.srtcp);
    EXPECT_EQ(UnprotectRtp(session, r.srtp), std::pair(SrtpStatus::kOk, rtp));
    EXPECT_EQ(UnprotectRtcp(session, r.srtcp),
              std::pair(SrtpStatus::kOk, rtcp));
  }
}

// libsrtp, on the other end.
class Libsrtp {
 public:
  Libsrtp(SrtpProfile profile, const SrtpMasterKey& master, bool inbound) {
    static const srtp_err_status_t kStarted = srtp_init();  // once a process
    EXPECT_EQ(kStarted, srtp_err_status_ok);
    srtp_policy_t policy{};
    for (srtp_crypto_policy_t* p : {&policy.rtp, &policy.rtcp}) {
      switch (profile) {
        case kAeadAes128Gcm:
          srtp_crypto_policy_set_aes_gcm_128_16_auth(p);
          break;
        case kAeadAes256Gcm:
          srtp_crypto_policy_set_aes_gcm_256_16_auth(p);
          break;
        case kAesCm128HmacSha1_80:
          srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(p);
          break;
      }
    }
    Bytes key(
        master.key.begin(),
        master.key.begin() + static_cast<ptrdiff_t>(SrtpKeySize(profile)));
    key.insert(
        key.end(), master.salt.begin(),
        master.salt.begin() + static_cast<ptrdiff_t>(SrtpSaltSize(profile)));
    policy.key = key.data();
    policy.ssrc.type = inbound ? ssrc_any_inbound : ssrc_any_outbound;
    policy.window_size = 1024;
    EXPECT_EQ(srtp_create(&session_, &policy), srtp_err_status_ok);
  }
  ~Libsrtp() { srtp_dealloc(session_); }
  Libsrtp(const Libsrtp&) = delete;
  Libsrtp& operator=(const Libsrtp&) = delete;

  using Function = srtp_err_status_t (*)(srtp_t, void*, int*);
  // `packet` after `function`; empty if that failed.
  Bytes Run(Function function, Bytes packet) {
    int size = static_cast<int>(packet.size());
    packet.resize(packet.size() + SRTP_MAX_TRAILER_LEN);
    if (function(session_, packet.data(), &size) != srtp_err_status_ok) {
      return {};
    }
    packet.resize(static_cast<size_t>(size));
    return packet;
  }

 private:
  srtp_t session_ = nullptr;
};

Bytes RtpPacket(uint16_t seq, uint32_t ssrc = 7, size_t payload = 20) {
  Bytes packet(12 + payload, 0x5A);
  packet[0] = 0x80;
  packet[1] = 96;
  StoreU16(packet, 2, seq);
  StoreU32(packet, 4, 1000);
  StoreU32(packet, 8, ssrc);
  return packet;
}

Bytes RtcpPacket(uint32_t ssrc = 7) {
  Bytes packet = Hex("81CE0002 00000000 00000002");
  StoreU32(packet, 4, ssrc);
  return packet;
}

TEST(SrtpSession, UnderstandsLibsrtpAndIsUnderstood) {
  for (const SrtpProfile profile : kProfiles) {
    const SrtpKeys keys = TestKeys(profile);
    SrtpSession session(keys);
    Libsrtp sender(profile, keys.remote, false);
    Libsrtp receiver(profile, keys.local, true);
    // Across the roll-over of the sequence number.
    for (uint32_t i = 0xFF00; i < 0x10100; ++i) {
      const Bytes plain = RtpPacket(static_cast<uint16_t>(i), 7, i % 40);
      ASSERT_EQ(
          receiver.Run(srtp_unprotect, ProtectRtp(session, plain, i >> 16)),
          plain)
          << i;
      ASSERT_EQ(UnprotectRtp(session, sender.Run(srtp_protect, plain)),
                std::pair(SrtpStatus::kOk, plain))
          << i;
    }
    for (uint32_t i = 0; i < 100; ++i) {
      const Bytes plain = RtcpPacket();
      ASSERT_EQ(receiver.Run(srtp_unprotect_rtcp, ProtectRtcp(session, plain)),
                plain);
      ASSERT_EQ(UnprotectRtcp(session, sender.Run(srtp_protect_rtcp, plain)),
                std::pair(SrtpStatus::kOk, plain));
    }
  }
}

TEST(SrtpSession, LeavesHeaderAndExtensionsInTheClear) {
  for (const SrtpProfile profile : kProfiles) {
    SrtpSession session(TestKeys(profile));
    Bytes plain = Hex("91600001 00000002 00000003 00000004 BEDE0001 10B20000");
    const size_t header = plain.size();
    plain.resize(header + 30, 0x77);
    const Bytes wire = ProtectRtp(session, plain, 0, header);
    EXPECT_TRUE(std::equal(plain.begin(), plain.begin() + 24, wire.begin()));
    EXPECT_NE(Bytes(wire.begin() + 24, wire.begin() + 54),
              Bytes(30, uint8_t{0x77}));
    EXPECT_EQ(UnprotectRtp(session, wire), std::pair(SrtpStatus::kOk, plain));
  }
}

TEST(SrtpSession, KeepsDirectionsApart) {
  SrtpKeys keys = TestKeys(kAeadAes128Gcm);
  keys.remote.key[0] ^= 1;
  SrtpSession ours(keys);
  std::swap(keys.local, keys.remote);
  SrtpSession theirs(keys);
  const Bytes wire = ProtectRtp(ours, RtpPacket(1), 0);
  EXPECT_EQ(UnprotectRtp(ours, wire).first, SrtpStatus::kAuth);
  EXPECT_EQ(UnprotectRtp(theirs, wire).first, SrtpStatus::kOk);
}

TEST(SrtpSession, EveryChangedBitIsSeen) {
  for (const SrtpProfile profile : kProfiles) {
    SrtpSession session(TestKeys(profile));
    const Bytes rtp = ProtectRtp(session, RtpPacket(1), 0);
    const Bytes rtcp = ProtectRtcp(session, RtcpPacket());
    for (size_t bit = 0; bit < rtp.size() * 8; ++bit) {
      Bytes changed = rtp;
      changed[bit / 8] ^= static_cast<uint8_t>(0x80 >> bit % 8);
      ASSERT_NE(UnprotectRtp(session, changed).first, SrtpStatus::kOk) << bit;
    }
    for (size_t bit = 0; bit < rtcp.size() * 8; ++bit) {
      Bytes changed = rtcp;
      changed[bit / 8] ^= static_cast<uint8_t>(0x80 >> bit % 8);
      ASSERT_NE(UnprotectRtcp(session, changed).first, SrtpStatus::kOk) << bit;
    }
    // None of that counts as a packet seen.
    EXPECT_EQ(UnprotectRtp(session, rtp).first, SrtpStatus::kOk);
    EXPECT_EQ(UnprotectRtcp(session, rtcp).first, SrtpStatus::kOk);
  }
}

TEST(SrtpSession, EveryTruncationIsSeen) {
  for (const SrtpProfile profile : kProfiles) {
    SrtpSession session(TestKeys(profile));
    const Bytes rtp = ProtectRtp(session, RtpPacket(1), 0);
    const Bytes rtcp = ProtectRtcp(session, RtcpPacket());
    for (size_t size = 0; size < rtp.size(); ++size) {
      const Bytes cut(rtp.begin(), rtp.begin() + static_cast<ptrdiff_t>(size));
      ASSERT_NE(UnprotectRtp(session, cut).first, SrtpStatus::kOk) << size;
    }
    for (size_t size = 0; size < rtcp.size(); ++size) {
      const Bytes cut(rtcp.begin(),
                      rtcp.begin() + static_cast<ptrdiff_t>(size));
      ASSERT_NE(UnprotectRtcp(session, cut).first, SrtpStatus::kOk) << size;
    }
  }
}

TEST(SrtpSession, NeedsRoomForWhatItWrites) {
  SrtpSession session(TestKeys(kAeadAes128Gcm));
  const Bytes wire = ProtectRtp(session, RtpPacket(1), 0);
  Bytes out(wire.size() - 1);
  EXPECT_EQ(session.UnprotectRtp(wire, out).status, SrtpStatus::kMalformed);
}

TEST(SrtpSession, RefusesUnencryptedRtcp) {
  SrtpSession session(TestKeys(kAeadAes128Gcm));
  Bytes wire = ProtectRtcp(session, RtcpPacket());
  wire[wire.size() - 4] &= 0x7F;  // E
  EXPECT_EQ(UnprotectRtcp(session, wire).first, SrtpStatus::kAuth);
}

// RFC 3711 s3.3.2.

class SrtpReplay : public testing::TestWithParam<SrtpProfile> {
 protected:
  SrtpStatus Receive(uint64_t index, uint32_t ssrc = 7) {
    return UnprotectRtp(
               session_,
               ProtectRtp(session_,
                          RtpPacket(static_cast<uint16_t>(index), ssrc),
                          static_cast<uint32_t>(index >> 16)))
        .first;
  }
  SrtpSession session_{TestKeys(GetParam())};
};

INSTANTIATE_TEST_SUITE_P(Profiles, SrtpReplay, testing::ValuesIn(kProfiles));

constexpr uint64_t kWindow = SrtpSession::kReplayWindow;

TEST_P(SrtpReplay, ASecondTimeIsRefused) {
  EXPECT_EQ(Receive(100), SrtpStatus::kOk);
  EXPECT_EQ(Receive(100), SrtpStatus::kReplay);
  EXPECT_EQ(Receive(101), SrtpStatus::kOk);
  EXPECT_EQ(Receive(100), SrtpStatus::kReplay);
  EXPECT_EQ(Receive(101), SrtpStatus::kReplay);
}

TEST_P(SrtpReplay, WindowHasEdges) {
  EXPECT_EQ(Receive(5000), SrtpStatus::kOk);
  EXPECT_EQ(Receive(5000 - kWindow), SrtpStatus::kReplay);
  EXPECT_EQ(Receive(5000 - kWindow + 1), SrtpStatus::kOk);
  EXPECT_EQ(Receive(5000 - kWindow + 1), SrtpStatus::kReplay);
  // The window moves by one; what was its edge falls out.
  EXPECT_EQ(Receive(5001), SrtpStatus::kOk);
  EXPECT_EQ(Receive(5001 - kWindow), SrtpStatus::kReplay);
  EXPECT_EQ(Receive(5001 - kWindow + 1), SrtpStatus::kOk);
}

TEST_P(SrtpReplay, JumpsForgetNothingTheyShouldKeep) {
  EXPECT_EQ(Receive(5000), SrtpStatus::kOk);
  EXPECT_EQ(Receive(5000 + kWindow - 1), SrtpStatus::kOk);
  EXPECT_EQ(Receive(5000), SrtpStatus::kReplay);
  EXPECT_EQ(Receive(5001), SrtpStatus::kOk);
  // A whole window on, nothing of the old one counts as seen.
  EXPECT_EQ(Receive(5000 + 2 * kWindow - 1), SrtpStatus::kOk);
  for (uint64_t i = 5000 + kWindow; i < 5000 + 2 * kWindow - 1; ++i) {
    ASSERT_EQ(Receive(i), SrtpStatus::kOk) << i;
  }
}

TEST_P(SrtpReplay, AnyOrderInsideTheWindowOnce) {
  std::vector<uint64_t> order;
  for (uint64_t i = 0; i < kWindow; ++i)
    order.push_back(65000 + i * 641 % kWindow);
  // The greatest first, so that all the others are in the window.
  std::iter_swap(order.begin(), std::max_element(order.begin(), order.end()));
  for (const uint64_t i : order) {
    // Without a reference the first packet has roll-over counter 0.
    const uint64_t index = i - 65000 + 1000;
    ASSERT_EQ(Receive(index), SrtpStatus::kOk) << index;
    ASSERT_EQ(Receive(index), SrtpStatus::kReplay) << index;
  }
}

TEST_P(SrtpReplay, SsrcsHaveWindowsOfTheirOwn) {
  EXPECT_EQ(Receive(100, 7), SrtpStatus::kOk);
  EXPECT_EQ(Receive(100, 8), SrtpStatus::kOk);
  EXPECT_EQ(Receive(100, 7), SrtpStatus::kReplay);
}

TEST_P(SrtpReplay, SsrcsAreBounded) {
  for (uint32_t ssrc = 0; ssrc < SrtpSession::kMaxSsrcs; ++ssrc) {
    ASSERT_EQ(Receive(1, 1000 + ssrc), SrtpStatus::kOk);
  }
  EXPECT_EQ(Receive(1, 5), SrtpStatus::kTooManySsrcs);
  EXPECT_EQ(Receive(2, 1000), SrtpStatus::kOk);
}

// RFC 3711 s3.3.1: the roll-over counter.

TEST_P(SrtpReplay, CounterGoesUpAtTheWrap) {
  for (uint64_t i = 0xFFFE; i < 0x10003; ++i) {
    ASSERT_EQ(Receive(i), SrtpStatus::kOk) << i;
  }
}

TEST_P(SrtpReplay, LateAcrossTheWrapHasTheOldCounter) {
  EXPECT_EQ(Receive(0xFFFD), SrtpStatus::kOk);
  EXPECT_EQ(Receive(0x10001), SrtpStatus::kOk);
  EXPECT_EQ(Receive(0xFFFE), SrtpStatus::kOk);
  EXPECT_EQ(Receive(0xFFFF), SrtpStatus::kOk);
  EXPECT_EQ(Receive(0x10000), SrtpStatus::kOk);
  EXPECT_EQ(Receive(0xFFFF), SrtpStatus::kReplay);
  // The late ones moved nothing.
  EXPECT_EQ(Receive(0x10002), SrtpStatus::kOk);
}

// As libsrtp's test of this name: what is late after the wrap is let in, and
// what is older than the window is not.
TEST_P(SrtpReplay, OutOfOrderAfterRollover) {
  EXPECT_EQ(Receive(0xFFFF - 2000), SrtpStatus::kOk);
  EXPECT_EQ(Receive(0xFFFF), SrtpStatus::kOk);
  EXPECT_EQ(Receive(0x10000 + 10), SrtpStatus::kOk);
  EXPECT_EQ(Receive(0xFFFE), SrtpStatus::kOk);
  EXPECT_EQ(Receive(0x10000 + 10 - kWindow + 1), SrtpStatus::kOk);
  EXPECT_EQ(Receive(0x10000 + 10 - kWindow), SrtpStatus::kReplay);
  EXPECT_EQ(Receive(0x10000), SrtpStatus::kOk);
}

TEST_P(SrtpReplay, ManyWraps) {
  uint64_t index = 0;
  for (; index < 0x50000; index += 0x7FFF) {
    ASSERT_EQ(Receive(index), SrtpStatus::kOk) << index;
    ASSERT_EQ(Receive(index), SrtpStatus::kReplay) << index;
  }
}

TEST_P(SrtpReplay, AnotherCounterDoesNotAuthenticate) {
  EXPECT_EQ(Receive(0x8000), SrtpStatus::kOk);
  EXPECT_EQ(Receive(0x10000 + 0x8001), SrtpStatus::kAuth);  // one too many
  EXPECT_EQ(Receive(0xFFFF), SrtpStatus::kOk);
  EXPECT_EQ(Receive(0), SrtpStatus::kAuth);  // one too few
  EXPECT_EQ(Receive(0x10000), SrtpStatus::kOk);
}

TEST_P(SrtpReplay, BelowTheFirstWrapTheCounterStaysZero) {
  // s_l - 1 would be the counter of 2^32 - 1.
  EXPECT_EQ(Receive(10), SrtpStatus::kOk);
  EXPECT_EQ(Receive(0xFFF0), SrtpStatus::kOk);
}

// RFC 3711 s3.4: the index of SRTCP is in the packet.

TEST_P(SrtpReplay, RtcpIndexCountsUp) {
  for (uint32_t i = 1; i <= 3; ++i) {
    const Bytes wire = ProtectRtcp(session_, RtcpPacket());
    const size_t at =
        GetParam() == kAesCm128HmacSha1_80 ? wire.size() - 14 : wire.size() - 4;
    EXPECT_EQ(LoadU32(wire, at), 0x80000000 + i);
  }
}

TEST_P(SrtpReplay, RtcpIsOneSequenceForAllSenders) {
  const Bytes a = ProtectRtcp(session_, RtcpPacket(1));
  const Bytes b = ProtectRtcp(session_, RtcpPacket(2));
  EXPECT_EQ(UnprotectRtcp(session_, b).first, SrtpStatus::kOk);
  EXPECT_EQ(UnprotectRtcp(session_, a).first, SrtpStatus::kOk);
  EXPECT_EQ(UnprotectRtcp(session_, a).first, SrtpStatus::kReplay);
  EXPECT_EQ(UnprotectRtcp(session_, b).first, SrtpStatus::kReplay);
}

TEST_P(SrtpReplay, RtcpWindowHasEdges) {
  std::vector<Bytes> wires;
  for (size_t i = 0; i < kWindow + 2; ++i) {
    wires.push_back(ProtectRtcp(session_, RtcpPacket()));
  }
  EXPECT_EQ(UnprotectRtcp(session_, wires[kWindow]).first, SrtpStatus::kOk);
  EXPECT_EQ(UnprotectRtcp(session_, wires[0]).first, SrtpStatus::kReplay);
  EXPECT_EQ(UnprotectRtcp(session_, wires[1]).first, SrtpStatus::kOk);
  EXPECT_EQ(UnprotectRtcp(session_, wires[1]).first, SrtpStatus::kReplay);
  EXPECT_EQ(UnprotectRtcp(session_, wires[kWindow + 1]).first, SrtpStatus::kOk);
}

}  // namespace
}  // namespace rtp
