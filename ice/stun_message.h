// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ice/socket_address.h"

namespace ice {

enum class StunClass : uint8_t { kRequest, kIndication, kSuccess, kError };

inline constexpr size_t kStunHeaderSize = 20;
inline constexpr size_t kMaxStunSize = 1500;
inline constexpr size_t kMaxStunAttributes = 32;

using StunTransactionId = std::array<uint8_t, 12>;

// A STUN Binding message read in place (RFC 8489 s5, s14). Spans and strings
// point into the parsed bytes.
struct StunMessage {
  // Nothing for what is not a whole Binding message: wrong cookie or length,
  // another method, over kMaxStunSize bytes or kMaxStunAttributes attributes,
  // a FINGERPRINT that is wrong or not last.
  static std::optional<StunMessage> Parse(std::span<const uint8_t> datagram);

  StunClass message_class = StunClass::kRequest;
  StunTransactionId transaction_id{};
  std::string_view username;  // empty: absent
  std::optional<uint32_t> priority;           // RFC 8445 s7.1.1
  bool use_candidate = false;                 // RFC 8445 s7.1.2
  std::optional<uint64_t> ice_controlling;    // RFC 8445 s7.1.3
  std::optional<uint64_t> ice_controlled;     // RFC 8445 s7.1.3
  std::optional<SocketAddress> mapped_address;  // XOR-MAPPED-ADDRESS
  uint16_t error_code = 0;                    // 300 to 699; 0: absent
  bool has_integrity = false;
  bool has_fingerprint = false;
  // Comprehension-required attributes that we do not know (RFC 8489 s6.3.1).
  std::array<uint16_t, 8> unknown_required{};
  size_t unknown_required_count = 0;

  // The part of USERNAME before the colon: the ufrag of who is addressed.
  std::string_view AddressedUfrag() const {
    return username.substr(0, username.find(':'));
  }
  // Whether MESSAGE-INTEGRITY is there and was made with `key` (s14.5), which
  // for short-term credentials is the password. Constant in time.
  bool VerifyIntegrity(std::string_view key) const;

 private:
  std::span<const uint8_t> datagram_;
  size_t integrity_at_ = 0;  // offset of the attribute
};

// The ufrag that a datagram is addressed to, without judging it otherwise;
// nothing if there is no USERNAME with a colon. For finding whose it is.
std::optional<std::string_view> StunLocalUfrag(
    std::span<const uint8_t> datagram);

// Builds a Binding message in a buffer of fixed size. What does not fit leaves
// ok() false. Integrity comes after all else, the fingerprint last.
class StunWriter {
 public:
  StunWriter(std::span<uint8_t> out, StunClass message_class,
             const StunTransactionId& transaction_id);

  void AddUsername(std::string_view username);
  void AddPriority(uint32_t priority);
  void AddUseCandidate();
  void AddIceControlling(uint64_t tie_breaker);
  void AddIceControlled(uint64_t tie_breaker);
  void AddMappedAddress(const SocketAddress& address);
  void AddErrorCode(uint16_t code, std::string_view reason);
  void AddUnknownAttributes(std::span<const uint16_t> types);
  void AddIntegrity(std::string_view key);
  void AddFingerprint();

  bool ok() const { return ok_; }
  std::span<const uint8_t> written() const { return out_.first(size_); }

 private:
  // Room for an attribute with its value zeroed; empty if it does not fit.
  std::span<uint8_t> Attribute(uint16_t type, size_t size);
  void SetLength(size_t size);

  std::span<uint8_t> out_;
  size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace ice
