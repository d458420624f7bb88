// SPDX-License-Identifier: GPL-3.0-or-later
#include "ice/stun_message.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstring>

#include "rtp/base/bytes.h"

namespace ice {
namespace {

using rtp::LoadU16;
using rtp::LoadU32;
using rtp::LoadU64;

constexpr uint32_t kCookie = 0x2112A442;
constexpr uint32_t kFingerprintXor = 0x5354554E;
constexpr size_t kHmacSize = 20;

constexpr uint16_t kUsername = 0x0006;
constexpr uint16_t kMessageIntegrity = 0x0008;
constexpr uint16_t kErrorCode = 0x0009;
constexpr uint16_t kUnknownAttributes = 0x000A;
constexpr uint16_t kXorMappedAddress = 0x0020;
constexpr uint16_t kPriority = 0x0024;
constexpr uint16_t kUseCandidate = 0x0025;
constexpr uint16_t kFingerprint = 0x8028;
constexpr uint16_t kIceControlled = 0x8029;
constexpr uint16_t kIceControlling = 0x802A;

// Types 0x0000 to 0x7FFF must be understood (RFC 8489 s14).
constexpr uint16_t kFirstOptional = 0x8000;

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = value >> 1 ^ (value & 1 ? 0xEDB88320u : 0u);
    }
    table[i] = value;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

uint32_t Crc32(std::span<const uint8_t> data) {
  uint32_t crc = 0xFFFFFFFF;
  for (const uint8_t byte : data) {
    crc = kCrcTable[(crc ^ byte) & 0xFF] ^ crc >> 8;
  }
  return ~crc;
}

// HMAC-SHA1 over the message up to an attribute at `end`, whose header counts
// the length as if the message ended after that attribute (RFC 8489 s14.5).
void Hmac(std::span<const uint8_t> message, size_t end, std::string_view key,
          uint8_t* digest) {
  std::array<uint8_t, kMaxStunSize> copy;
  std::copy_n(message.begin(), end, copy.begin());
  rtp::StoreU16(copy, 2,
                static_cast<uint16_t>(end + 4 + kHmacSize - kStunHeaderSize));
  unsigned size = kHmacSize;
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), copy.data(), end,
       digest, &size);
}

struct Attribute {
  uint16_t type = 0;
  size_t at = 0;  // of its header
  std::span<const uint8_t> value;
};

// Calls on_attribute(Attribute) for each until it returns false. False if the
// message is not framed as STUN.
template <typename OnAttribute>
bool WalkAttributes(std::span<const uint8_t> datagram,
                    OnAttribute&& on_attribute) {
  if (datagram.size() < kStunHeaderSize || datagram.size() > kMaxStunSize ||
      datagram[0] > 3 || LoadU32(datagram, 4) != kCookie ||
      LoadU16(datagram, 2) % 4 != 0 ||
      kStunHeaderSize + LoadU16(datagram, 2) != datagram.size()) {
    return false;
  }
  size_t count = 0;
  for (size_t at = kStunHeaderSize; at < datagram.size();) {
    if (datagram.size() - at < 4 || ++count > kMaxStunAttributes) return false;
    Attribute attribute;
    attribute.type = LoadU16(datagram, at);
    attribute.at = at;
    const size_t size = LoadU16(datagram, at + 2);
    const size_t padded = (size + 3) / 4 * 4;
    if (datagram.size() - at - 4 < padded) return false;
    attribute.value = datagram.subspan(at + 4, size);
    at += 4 + padded;
    if (!on_attribute(attribute)) return true;
  }
  return true;
}

std::optional<SocketAddress> ReadXorAddress(
    std::span<const uint8_t> value, std::span<const uint8_t> transaction) {
  if (value.size() < 8) return std::nullopt;
  const uint16_t port = LoadU16(value, 2) ^ static_cast<uint16_t>(kCookie >> 16);
  const size_t size = value[1] == 1 ? 4 : value[1] == 2 ? 16 : 0;
  if (size == 0 || value.size() != 4 + size) return std::nullopt;
  std::array<uint8_t, 16> mask;
  rtp::StoreU32(mask, 0, kCookie);
  std::copy_n(transaction.begin(), 12, mask.begin() + 4);
  std::array<uint8_t, 16> ip{};
  for (size_t i = 0; i < size; ++i) ip[i] = value[4 + i] ^ mask[i];
  return SocketAddress(std::span(ip).first(size), port);
}

std::string_view AsText(std::span<const uint8_t> value) {
  return {reinterpret_cast<const char*>(value.data()), value.size()};
}

// Takes what an attribute says. False if its value makes no sense.
bool Take(const Attribute& attribute, StunMessage& message) {
  const std::span<const uint8_t> value = attribute.value;
  switch (attribute.type) {
    case kUsername:
      // RFC 8489 s14: of several the first counts; StunLocalUfrag() agrees.
      if (message.username.data() == nullptr) message.username = AsText(value);
      return value.size() <= 513;
    case kPriority:
      if (value.size() != 4) return false;
      message.priority = LoadU32(value, 0);
      return true;
    case kUseCandidate:
      message.use_candidate = true;
      return true;
    case kIceControlling:
      if (value.size() != 8) return false;
      message.ice_controlling = LoadU64(value, 0);
      return true;
    case kIceControlled:
      if (value.size() != 8) return false;
      message.ice_controlled = LoadU64(value, 0);
      return true;
    case kXorMappedAddress:
      message.mapped_address = ReadXorAddress(value, message.transaction_id);
      return message.mapped_address.has_value();
    case kErrorCode:
      if (value.size() < 4) return false;
      message.error_code =
          static_cast<uint16_t>((value[2] & 7) * 100 + value[3]);
      // RFC 8489 s14.8: class 3 to 6, number below 100.
      return value[3] < 100 && message.error_code / 100 >= 3 &&
             message.error_code / 100 <= 6;
    case kUnknownAttributes:
      return true;
    default:
      if (attribute.type < kFirstOptional &&
          message.unknown_required_count < message.unknown_required.size()) {
        message.unknown_required[message.unknown_required_count++] =
            attribute.type;
      }
      return true;
  }
}

}  // namespace

//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |0 0|     message type          |         message length        |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                         magic cookie                          |
//   |                     transaction id, 96 bits                   |
std::optional<StunMessage> StunMessage::Parse(
    std::span<const uint8_t> datagram) {
  if (datagram.size() < kStunHeaderSize) return std::nullopt;
  StunMessage message;
  message.datagram_ = datagram;
  const uint16_t type = LoadU16(datagram, 0);
  switch (type) {  // Binding, method 1, in its four classes
    case 0x0001:
      message.message_class = StunClass::kRequest;
      break;
    case 0x0011:
      message.message_class = StunClass::kIndication;
      break;
    case 0x0101:
      message.message_class = StunClass::kSuccess;
      break;
    case 0x0111:
      message.message_class = StunClass::kError;
      break;
    default:
      return std::nullopt;
  }
  std::copy_n(datagram.begin() + 8, 12, message.transaction_id.begin());
  bool sane = true;
  const bool framed =
      WalkAttributes(datagram, [&](const Attribute& attribute) {
        if (message.has_fingerprint) sane = false;  // nothing comes after it
        if (attribute.type == kFingerprint) {
          message.has_fingerprint = true;
          sane = sane && attribute.value.size() == 4 &&
                 LoadU32(attribute.value, 0) ==
                     (Crc32(datagram.first(attribute.at)) ^ kFingerprintXor);
        } else if (attribute.type == kMessageIntegrity) {
          if (!message.has_integrity) message.integrity_at_ = attribute.at;
          message.has_integrity = true;
          sane = sane && attribute.value.size() == kHmacSize;
        } else if (!message.has_integrity) {
          // RFC 8489 s14.5: what follows the integrity is ignored.
          sane = sane && Take(attribute, message);
        }
        return sane;
      });
  if (!framed || !sane) return std::nullopt;
  return message;
}

bool StunMessage::VerifyIntegrity(std::string_view key) const {
  if (!has_integrity || key.empty()) return false;
  uint8_t digest[kHmacSize];
  Hmac(datagram_, integrity_at_, key, digest);
  return CRYPTO_memcmp(digest, datagram_.data() + integrity_at_ + 4,
                       kHmacSize) == 0;
}

std::optional<std::string_view> StunLocalUfrag(
    std::span<const uint8_t> datagram) {
  std::optional<std::string_view> ufrag;
  WalkAttributes(datagram, [&](const Attribute& attribute) {
    if (attribute.type != kUsername) return true;
    const std::string_view name = AsText(attribute.value);
    const size_t colon = name.find(':');
    if (colon != std::string_view::npos) ufrag = name.substr(0, colon);
    return false;
  });
  return ufrag;
}

StunWriter::StunWriter(std::span<uint8_t> out, StunClass message_class,
                       const StunTransactionId& transaction_id)
    : out_(out.first(std::min(out.size(), kMaxStunSize))) {
  if (out_.size() < kStunHeaderSize) {
    ok_ = false;
    return;
  }
  constexpr std::array<uint16_t, 4> kTypes = {0x0001, 0x0011, 0x0101, 0x0111};
  rtp::StoreU16(out_, 0, kTypes[static_cast<size_t>(message_class)]);
  rtp::StoreU32(out_, 4, kCookie);
  std::copy(transaction_id.begin(), transaction_id.end(), out_.begin() + 8);
  size_ = kStunHeaderSize;
  SetLength(size_);
}

void StunWriter::SetLength(size_t size) {
  rtp::StoreU16(out_, 2, static_cast<uint16_t>(size - kStunHeaderSize));
}

std::span<uint8_t> StunWriter::Attribute(uint16_t type, size_t size) {
  const size_t padded = (size + 3) / 4 * 4;
  if (!ok_ || out_.size() - size_ < 4 + padded) {
    ok_ = false;
    return {};
  }
  rtp::StoreU16(out_, size_, type);
  rtp::StoreU16(out_, size_ + 2, static_cast<uint16_t>(size));
  const std::span<uint8_t> value = out_.subspan(size_ + 4, padded);
  std::fill(value.begin(), value.end(), uint8_t{0});
  size_ += 4 + padded;
  SetLength(size_);
  return value.first(size);
}

void StunWriter::AddUsername(std::string_view username) {
  const std::span<uint8_t> value = Attribute(kUsername, username.size());
  std::copy_n(username.begin(), value.size(), value.begin());
}

void StunWriter::AddPriority(uint32_t priority) {
  const std::span<uint8_t> value = Attribute(kPriority, 4);
  if (!value.empty()) rtp::StoreU32(value, 0, priority);
}

void StunWriter::AddUseCandidate() { Attribute(kUseCandidate, 0); }

void StunWriter::AddIceControlling(uint64_t tie_breaker) {
  const std::span<uint8_t> value = Attribute(kIceControlling, 8);
  if (!value.empty()) rtp::StoreU64(value, 0, tie_breaker);
}

void StunWriter::AddIceControlled(uint64_t tie_breaker) {
  const std::span<uint8_t> value = Attribute(kIceControlled, 8);
  if (!value.empty()) rtp::StoreU64(value, 0, tie_breaker);
}

void StunWriter::AddMappedAddress(const SocketAddress& address) {
  const std::span<uint8_t> value =
      Attribute(kXorMappedAddress, 4 + address.ip().size());
  if (value.empty()) return;
  value[1] = address.is_ipv6() ? 2 : 1;
  rtp::StoreU16(value, 2, address.port() ^ static_cast<uint16_t>(kCookie >> 16));
  // The mask is cookie and transaction id, as they stand in the header.
  for (size_t i = 0; i < address.ip().size(); ++i) {
    value[4 + i] = address.ip()[i] ^ out_[4 + i];
  }
}

void StunWriter::AddErrorCode(uint16_t code, std::string_view reason) {
  const std::span<uint8_t> value = Attribute(kErrorCode, 4 + reason.size());
  if (value.empty()) return;
  value[2] = static_cast<uint8_t>(code / 100);
  value[3] = static_cast<uint8_t>(code % 100);
  std::copy(reason.begin(), reason.end(), value.begin() + 4);
}

void StunWriter::AddUnknownAttributes(std::span<const uint16_t> types) {
  const std::span<uint8_t> value =
      Attribute(kUnknownAttributes, types.size() * 2);
  for (size_t i = 0; i * 2 < value.size(); ++i) {
    rtp::StoreU16(value, i * 2, types[i]);
  }
}

void StunWriter::AddIntegrity(std::string_view key) {
  const size_t at = size_;
  const std::span<uint8_t> value = Attribute(kMessageIntegrity, kHmacSize);
  if (!value.empty()) Hmac(out_, at, key, value.data());
}

void StunWriter::AddFingerprint() {
  const size_t at = size_;
  const std::span<uint8_t> value = Attribute(kFingerprint, 4);
  if (value.empty()) return;
  rtp::StoreU32(value, 0, Crc32(out_.first(at)) ^ kFingerprintXor);
}

}  // namespace ice
