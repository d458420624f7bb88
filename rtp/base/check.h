// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdio>
#include <cstdlib>

// Aborts with context. Only for bugs of ours: no input of a peer may reach one.
#define SFU_CHECK(condition)                                              \
  do {                                                                    \
    if (!(condition)) [[unlikely]] {                                      \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__,         \
                   __LINE__, #condition);                                 \
      std::abort();                                                       \
    }                                                                     \
  } while (false)

#ifdef NDEBUG
#define SFU_DCHECK(condition) \
  do {                        \
  } while (false && (condition))
#else
#define SFU_DCHECK(condition) SFU_CHECK(condition)
#endif
