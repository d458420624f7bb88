// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "rtp/base/check.h"

namespace rtp {

// Big-endian loads and stores at an offset. The caller has checked the bounds;
// a debug build checks again.
inline uint16_t LoadU16(std::span<const uint8_t> data, size_t at) {
  SFU_DCHECK(at + 2 <= data.size());
  return static_cast<uint16_t>(data[at] << 8 | data[at + 1]);
}
inline uint32_t LoadU24(std::span<const uint8_t> data, size_t at) {
  SFU_DCHECK(at + 3 <= data.size());
  return static_cast<uint32_t>(data[at]) << 16 |
         static_cast<uint32_t>(data[at + 1]) << 8 | data[at + 2];
}
inline uint32_t LoadU32(std::span<const uint8_t> data, size_t at) {
  SFU_DCHECK(at + 4 <= data.size());
  return static_cast<uint32_t>(LoadU16(data, at)) << 16 | LoadU16(data, at + 2);
}
inline uint64_t LoadU64(std::span<const uint8_t> data, size_t at) {
  return static_cast<uint64_t>(LoadU32(data, at)) << 32 | LoadU32(data, at + 4);
}
inline void StoreU16(std::span<uint8_t> data, size_t at, uint16_t value) {
  SFU_DCHECK(at + 2 <= data.size());
  data[at] = static_cast<uint8_t>(value >> 8);
  data[at + 1] = static_cast<uint8_t>(value);
}
inline void StoreU24(std::span<uint8_t> data, size_t at, uint32_t value) {
  SFU_DCHECK(at + 3 <= data.size());
  data[at] = static_cast<uint8_t>(value >> 16);
  data[at + 1] = static_cast<uint8_t>(value >> 8);
  data[at + 2] = static_cast<uint8_t>(value);
}
inline void StoreU32(std::span<uint8_t> data, size_t at, uint32_t value) {
  StoreU16(data, at, static_cast<uint16_t>(value >> 16));
  StoreU16(data, at + 2, static_cast<uint16_t>(value));
}
inline void StoreU64(std::span<uint8_t> data, size_t at, uint64_t value) {
  StoreU32(data, at, static_cast<uint32_t>(value >> 32));
  StoreU32(data, at + 4, static_cast<uint32_t>(value));
}

// Reads big-endian fields in order. A read past the end yields zero (or an
// empty span) and leaves ok() false for good, so a parser can read a whole
// structure and test once.
class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> data) : data_(data) {}

  bool ok() const { return ok_; }
  size_t remaining() const { return data_.size() - at_; }
  size_t position() const { return at_; }

  uint8_t U8() { return Take(1) ? data_[at_ - 1] : uint8_t{0}; }
  uint16_t U16() { return Take(2) ? LoadU16(data_, at_ - 2) : uint16_t{0}; }
  uint32_t U24() { return Take(3) ? LoadU24(data_, at_ - 3) : 0; }
  uint32_t U32() { return Take(4) ? LoadU32(data_, at_ - 4) : 0; }
  uint64_t U64() { return Take(8) ? LoadU64(data_, at_ - 8) : 0; }
  std::span<const uint8_t> Bytes(size_t count) {
    return Take(count) ? data_.subspan(at_ - count, count)
                       : std::span<const uint8_t>();
  }
  void Skip(size_t count) { Take(count); }
  // Everything not yet read.
  std::span<const uint8_t> Rest() { return Bytes(remaining()); }

 private:
  bool Take(size_t count) {
    if (!ok_ || count > remaining()) {
      ok_ = false;
      return false;
    }
    at_ += count;
    return true;
  }

  std::span<const uint8_t> data_;
  size_t at_ = 0;
  bool ok_ = true;
};

// Writes big-endian fields in order into a buffer of fixed size. A write past
// the end writes nothing and leaves ok() false for good.
class ByteWriter {
 public:
  explicit ByteWriter(std::span<uint8_t> data) : data_(data) {}

  bool ok() const { return ok_; }
  size_t size() const { return at_; }
  size_t remaining() const { return data_.size() - at_; }
  std::span<uint8_t> written() const { return data_.first(at_); }

  void U8(uint8_t value) {
    if (Take(1)) data_[at_ - 1] = value;
  }
  void U16(uint16_t value) {
    if (Take(2)) StoreU16(data_, at_ - 2, value);
  }
  void U24(uint32_t value) {
    if (Take(3)) StoreU24(data_, at_ - 3, value);
  }
  void U32(uint32_t value) {
    if (Take(4)) StoreU32(data_, at_ - 4, value);
  }
  void U64(uint64_t value) {
    if (Take(8)) StoreU64(data_, at_ - 8, value);
  }
  void Bytes(std::span<const uint8_t> bytes) {
    if (Take(bytes.size()) && !bytes.empty()) {
      std::memcpy(data_.data() + at_ - bytes.size(), bytes.data(),
                  bytes.size());
    }
  }
  void Zeros(size_t count) {
    if (Take(count) && count > 0) {
      std::memset(data_.data() + at_ - count, 0, count);
    }
  }

 private:
  bool Take(size_t count) {
    if (!ok_ || count > remaining()) {
      ok_ = false;
      return false;
    }
    at_ += count;
    return true;
  }

  std::span<uint8_t> data_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace rtp
