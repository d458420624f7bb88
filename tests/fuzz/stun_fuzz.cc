// SPDX-License-Identifier: GPL-3.0-or-later
//
// A STUN datagram: as it came, and with what a fuzzer cannot guess put right.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ice/stun_message.h"
#include "rtp/base/bytes.h"
#include "rtp/base/check.h"

namespace ice {
namespace {

constexpr std::string_view kKey = "a password of the session";

// Writes what was read, without the attributes that the parser only counts.
void WriteAgain(const StunMessage& message, StunWriter& writer) {
  if (!message.username.empty()) writer.AddUsername(message.username);
  if (message.priority) writer.AddPriority(*message.priority);
  if (message.use_candidate) writer.AddUseCandidate();
  if (message.ice_controlling) {
    writer.AddIceControlling(*message.ice_controlling);
  }
  if (message.ice_controlled) writer.AddIceControlled(*message.ice_controlled);
  if (message.mapped_address) writer.AddMappedAddress(*message.mapped_address);
  if (message.error_code != 0) writer.AddErrorCode(message.error_code, "so");
  if (message.has_integrity) writer.AddIntegrity(kKey);
  if (message.has_fingerprint) writer.AddFingerprint();
}

void CheckSame(const StunMessage& a, const StunMessage& b) {
  SFU_CHECK(a.message_class == b.message_class);
  SFU_CHECK(a.transaction_id == b.transaction_id);
  SFU_CHECK(a.username == b.username);
  SFU_CHECK(a.priority == b.priority);
  SFU_CHECK(a.use_candidate == b.use_candidate);
  SFU_CHECK(a.ice_controlling == b.ice_controlling);
  SFU_CHECK(a.ice_controlled == b.ice_controlled);
  SFU_CHECK(a.mapped_address == b.mapped_address);
  SFU_CHECK(a.error_code == b.error_code);
  SFU_CHECK(a.has_integrity == b.has_integrity);
  SFU_CHECK(a.has_fingerprint == b.has_fingerprint);
}

void FuzzDatagram(std::span<const uint8_t> datagram) {
  const auto ufrag = StunLocalUfrag(datagram);
  const auto message = StunMessage::Parse(datagram);
  if (!message) return;
  SFU_CHECK(message->unknown_required_count <=
            message->unknown_required.size());
  SFU_CHECK(!message->VerifyIntegrity(""));
  SFU_CHECK(message->error_code == 0 ||
            (message->error_code >= 300 && message->error_code <= 699));
  // Whose password is tried is whom the message addresses.
  if (message->username.find(':') != std::string_view::npos) {
    SFU_CHECK(ufrag == message->AddressedUfrag());
  }
  SFU_CHECK(!message->VerifyIntegrity("another") || message->has_integrity);

  std::array<uint8_t, kMaxStunSize> buffer;
  StunWriter writer(buffer, message->message_class, message->transaction_id);
  WriteAgain(*message, writer);
  SFU_CHECK(writer.ok());
  const auto again = StunMessage::Parse(writer.written());
  SFU_CHECK(again.has_value());
  CheckSame(*message, *again);
  SFU_CHECK(again->VerifyIntegrity(kKey) == again->has_integrity);
}

// Cookie and length put right; a fingerprint at the end likewise.
std::vector<uint8_t> Repaired(std::span<const uint8_t> bytes) {
  std::vector<uint8_t> out(bytes.begin(), bytes.end());
  out.resize(std::max(out.size() / 4 * 4, kStunHeaderSize));
  rtp::StoreU16(out, 2, static_cast<uint16_t>(out.size() - kStunHeaderSize));
  rtp::StoreU32(out, 4, 0x2112A442);
  constexpr size_t kFingerprintSize = 8;
  if (out.size() < kStunHeaderSize + kFingerprintSize ||
      rtp::LoadU32(out, out.size() - kFingerprintSize) != 0x80280004) {
    return out;
  }
  // RFC 8489 s14.7: CRC-32 of what is before, XORed.
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 0; i + kFingerprintSize < out.size(); ++i) {
    crc ^= out[i];
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0u);
    }
  }
  rtp::StoreU32(out, out.size() - 4, ~crc ^ 0x5354554E);
  return out;
}

}  // namespace
}  // namespace ice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ice::FuzzDatagram({data, size});
  ice::FuzzDatagram(ice::Repaired({data, size}));
  return 0;
}
