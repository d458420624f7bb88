// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "signaling/stanza.h"
#include "signaling/xml_element.h"
#include "signaling/xmpp_stream.h"

// Stanzas as text: read the way the server reads them, and compared with what
// is kept in files.
namespace signaling {

// The component's end of a stream that its server let in: text in, stanzas
// out, through the guard, parser and codecs of the server.
class Wire : private XmppStreamHandler {
 public:
  // `domain`: the component's.
  explicit Wire(std::string domain);

  // What came out because of `bytes`; begins a new stream if the last ended.
  std::vector<Stanza> Read(std::string_view bytes);
  // What the guard kept back since this was last called.
  std::vector<RejectedStanza> TakeRejected();
  // As if the server had ended the stream and taken us again.
  void Restart();
  bool up() const { return stream_.ready(); }
  int streams() const { return streams_; }  // begun so far
  // Why the last that ended did.
  const std::string& why_closed() const { return why_closed_; }

 private:
  void Begin();
  void OnXmppWrite(std::string_view bytes) override;
  void OnXmppReady(const Jid& self) override;
  void OnXmppStanza(Stanza stanza) override;
  void OnXmppRejected(const RejectedStanza& stanza) override;
  void OnXmppClosed(const std::string& reason) override;

  const std::string domain_;
  std::vector<Stanza> stanzas_;
  std::vector<RejectedStanza> rejected_;
  int streams_ = 0;
  std::string why_closed_;
  XmppStream stream_;  // last: it may call the above until it is gone
};

// One stanza of a recording.
struct Recorded {
  std::string party;  // who sent it: its address, or its recorder's word
  std::string xml;
};

// The files of tests/signaling/captures/, by name.
std::vector<std::filesystem::path> CaptureFiles();
// A recording: stanzas, a comment before each. The comment is who sent it,
// should it have no `from`: "raw:outgoing", "Nov 22 05:50:19 session c2s55b0".
std::vector<Recorded> ReadCapture(const std::filesystem::path& path);

// Names of the files of tests/signaling/goldens/, in order.
std::vector<std::string> GoldenNames();

// The element in lines, attributes as they were written, a step of
// indentation for each level.
std::string Pretty(const XmlElement& element, size_t indent = 0,
                   std::string_view parent_ns = {});

// Compares with tests/signaling/goldens/NAME.xml. Returns the lines that
// differ, or how to make the file if there is none; empty if they are equal.
// With CARILLON_UPDATE_GOLDENS=1 in the environment writes the file instead.
std::string CompareGolden(const std::string& name, const std::string& text);

}  // namespace signaling
