// gantry/objects.h: objects over the ECS: inherit, override, attach.
#pragma once
#include "gantry/cpp/object_plugin.h"

// For those who think in classes rather than in loops:
//
//     struct Health { std::int32_t points = 10; };
//     GANTRY_COMPONENT_AS("game.health", Health, 1, GANTRY_FIELD(points))
//
//     struct Monster : gantry::Behaviour {
//         static constexpr std::string_view name = "game.monster";
//         void on_attach() override { add<Health>(); }
//         void on_tick(const gantry::Tick&) override { get<Health>().points += 1; }
//     };
//     struct Boss : Monster {
//         static constexpr std::string_view name = "game.boss";
//         void on_tick(const gantry::Tick& tick) override { Monster::on_tick(tick); roar(); }
//     };
//     class Game : public gantry::ObjectPlugin {
//         void setup() override { behaviour<Monster>(); behaviour<Boss>(); }
//         void begin(bool fresh) override { if (fresh) attach<Boss>(create().entity()); }
//     };
//
// Data are components: systems, the inspector, snapshots and migrations see them as any other. That
// a behaviour is attached is a component, too, under the behaviour's name; the objects follow it.
// So an object may hold what it can compute again, and nothing else: the next version of the
// plugin makes its objects anew, from that component.
