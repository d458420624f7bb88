// SPDX-License-Identifier: GPL-3.0-or-later
// The rules of the clients refuse what those clients refuse: else an answer
// that keeps them would say nothing.
#include "tests/signaling/client_rules.h"

#include <functional>

#include "tests/signaling/focus_fixture.h"

namespace signaling {
namespace {

class ClientRulesTest : public FocusTest {
 protected:
  void Offer(SessionDescription offer) {
    Caller caller = MakeCaller("alice@example/a", "standup@sfu.example/focus");
    offer_ = Jingle(JingleAction::kSessionInitiate, caller.sid);
    offer_.description = offer;
    sink_.sent.clear();
    EXPECT_THAT(TryJoin(caller, std::move(offer)), IsResult());
    for (const Iq& iq : RequestsTo(caller.jid)) accept_ = iq;
  }
  // The answer with something done to it.
  XmlElement Spoiled(const std::function<void(Iq&, JingleMessage&)>& spoil) {
    Iq iq = accept_;
    spoil(iq, std::get<JingleMessage>(iq.payload));
    return WriteStanza(iq);
  }

  JingleMessage offer_;
  Iq accept_;
};

using Spoil = std::function<void(Iq&, JingleMessage&)>;

TEST_F(ClientRulesTest, GoodAnswersPass) {
  Offer(PlainOffer());
  const XmlElement plain = WriteStanza(accept_);
  EXPECT_TRUE(AnyoneWouldAccept(offer_, plain));
  EXPECT_TRUE(DinoWouldAccept(offer_, plain));
  EXPECT_TRUE(ConversationsWouldAccept(offer_, plain));
  EXPECT_TRUE(MonalWouldAccept(offer_, plain));
  EXPECT_TRUE(MovimWouldAccept(offer_, plain));
  Offer(BundleOffer());
  EXPECT_TRUE(StanzaJsWouldAccept(offer_, WriteStanza(accept_)));
}

TEST_F(ClientRulesTest, AnyoneRefusesWhatIsNoAnswer) {
  Offer(BundleOffer());
  const std::vector<Spoil> spoils = {
      [](Iq&, JingleMessage& m) { m.sid = "other"; },
      [](Iq&, JingleMessage& m) { m.action = JingleAction::kSessionInfo; },
      [](Iq& iq, JingleMessage&) { iq.from = J("sfu.example"); },
      [](Iq&, JingleMessage& m) { m.initiator = "a@example"; },
      [](Iq&, JingleMessage& m) { m.description.contents.pop_back(); },
      [](Iq&, JingleMessage& m) {
        std::swap(m.description.contents[0], m.description.contents[1]);
      },
      [](Iq&, JingleMessage& m) { m.description.contents[0].name = "9"; },
      [](Iq&, JingleMessage& m) {
        m.description.contents[0].creator = "responder";
      },
      [](Iq&, JingleMessage& m) { m.description.groups.clear(); },
      [](Iq&, JingleMessage& m) {
        m.description.groups[0].contents.pop_back();
      },
      [](Iq&, JingleMessage& m) {
        m.description.contents[1].transport->ufrag = "another";
      },
      [](Iq&, JingleMessage& m) {
        m.description.contents[1].transport->fingerprint.reset();
      },
      [](Iq&, JingleMessage& m) {
        m.description.contents[1].transport->fingerprint->setup =
            DtlsSetup::kActpass;
      },
      [](Iq&, JingleMessage& m) {
        m.description.contents[1].transport->candidates.clear();
      },
      [](Iq&, JingleMessage& m) {
        m.description.contents[0].description->payload_types[0].id = 77;
      },
      [](Iq&, JingleMessage& m) {
        m.description.contents[0].description->payload_types.clear();
      },
      [](Iq&, JingleMessage& m) {
        m.description.contents[0].description->payload_types[0].feedback = {
            {"nack", "pli"}};
      },
      [](Iq&, JingleMessage& m) {
        m.description.contents[0].description->extensions[0].id = 9;
      },
      [](Iq&, JingleMessage& m) {
        m.description.contents[0].description->rtcp_mux = false;
      },
      [](Iq&, JingleMessage& m) {
        m.description.contents[0].description->sources[0].parameters[0] = {
            "cname", ""};
      }};
  for (const Spoil& spoil : spoils) {
    EXPECT_FALSE(AnyoneWouldAccept(offer_, Spoiled(spoil)))
        << "spoil " << &spoil - &spoils[0];
  }
}

TEST_F(ClientRulesTest, DinoRefusesSharedTransportsAndChoices) {
  Offer(PlainOffer());
  EXPECT_FALSE(DinoWouldAccept(offer_, Spoiled([](Iq&, JingleMessage& m) {
                                 m.description.contents[1].transport->ufrag =
                                     m.description.contents[0].transport->ufrag;
                               })));
  EXPECT_FALSE(DinoWouldAccept(
      offer_, Spoiled([this](Iq&, JingleMessage& m) {
        m.description.contents[1].description->payload_types =
            offer_.description.contents[1].description->payload_types;
      })));
  EXPECT_FALSE(DinoWouldAccept(offer_, Spoiled([](Iq&, JingleMessage& m) {
                                 for (Content& c : m.description.contents) {
                                   c.transport->fingerprint->setup =
                                       DtlsSetup::kPassive;
                                 }
                               })));
}

TEST_F(ClientRulesTest, ConversationsRefusesOtherMediaAndMixedSetup) {
  Offer(BundleOffer());
  EXPECT_FALSE(ConversationsWouldAccept(
      offer_, Spoiled([](Iq&, JingleMessage& m) {
        m.description.contents[1].description->media = Media::kAudio;
      })));
  EXPECT_FALSE(ConversationsWouldAccept(
      offer_, Spoiled([](Iq&, JingleMessage& m) {
        m.description.contents[1].transport->fingerprint->setup =
            DtlsSetup::kActive;
      })));
}

TEST_F(ClientRulesTest, MonalRefusesMoreThanTwoContents) {
  Offer(BundleOffer(1, 2));
  EXPECT_FALSE(MonalWouldAccept(offer_, WriteStanza(accept_)));
}

TEST_F(ClientRulesTest, MovimRefusesSendersOfOneSide) {
  Offer(BundleOffer());
  EXPECT_FALSE(MovimWouldAccept(offer_, Spoiled([](Iq&, JingleMessage& m) {
                                  m.description.contents[0].senders =
                                      Senders::kInitiator;
                                })));
}

TEST_F(ClientRulesTest, StanzaJsRefusesStreamsWithoutNames) {
  Offer(BundleOffer());
  const std::vector<Spoil> spoils = {
      [](Iq&, JingleMessage& m) {
        m.description.contents[0].description->sources.clear();
      },
      [](Iq&, JingleMessage& m) {
        m.description.contents[0].description->stream.reset();
      },
      [](Iq&, JingleMessage& m) {
        m.description.contents[0].description->ssrc = 5;
      },
      [](Iq&, JingleMessage& m) {
        m.description.contents[0].description->sources[0].parameters.pop_back();
      }};
  for (const Spoil& spoil : spoils) {
    EXPECT_FALSE(StanzaJsWouldAccept(offer_, Spoiled(spoil)))
        << "spoil " << &spoil - &spoils[0];
  }
}

TEST_F(ClientRulesTest, PlainClientsCopeWithFewRequests) {
  const auto sent = [](JingleMessage message) {
    Iq iq;
    iq.type = IqType::kSet;
    iq.id = "x";
    iq.payload = std::move(message);
    return iq;
  };
  const Content audio = DinoAudio();
  const Content video = DinoVideo();
  for (const JingleAction action :
       {JingleAction::kContentAdd, JingleAction::kContentRemove,
        JingleAction::kContentModify, JingleAction::kDescriptionInfo,
        JingleAction::kSessionInitiate}) {
    EXPECT_FALSE(PlainClientWouldCope(sent(Jingle(action, "s", {audio}))));
  }
  EXPECT_FALSE(PlainClientWouldCope(
      sent(Jingle(JingleAction::kTransportInfo, "s", {audio, video}))));
  EXPECT_TRUE(PlainClientWouldCope(
      sent(Jingle(JingleAction::kTransportInfo, "s", {audio}))));
  JingleMessage coin = Jingle(JingleAction::kSessionInfo, "s");
  EXPECT_TRUE(PlainClientWouldCope(sent(coin)));
  coin.is_focus = true;
  EXPECT_FALSE(PlainClientWouldCope(sent(coin)));
}

}  // namespace
}  // namespace signaling
