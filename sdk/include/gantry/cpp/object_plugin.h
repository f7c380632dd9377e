// gantry/cpp/object_plugin.h: ObjectPlugin, a WorldPlugin whose entities have behaviours.
#pragma once
#include <concepts>
#include <memory>
#include <unordered_map>
#include <vector>

#include "gantry/cpp/object.h"
#include "gantry/cpp/world_plugin.h"

namespace gantry {

/// See gantry/objects.h. The component is the truth: attached by whomever, it gets its object at
/// the next tick at the latest, and where it is gone the object goes without a word. All calls
/// [world]
class ObjectPlugin : public WorldPlugin {
public:
    Object object(Entity entity) noexcept { return {world(), entity}; }
    template <class... Ts>
    Object create(const Ts&... components) {
        return object(world().template create<Ts...>(components...));
    }
    /// The one that is attached already, or a new one. Throws when the entity is dead, or in a loop
    /// of a view.
    template <std::derived_from<Behaviour> T>
    T& attach(Entity entity) {
        if (!world().template all_of<Attached<T>>(entity))
            world().template emplace<Attached<T>>(entity);
        return static_cast<T&>(object_of(class_of<T>(), entity));
    }
    /// False when there was none.
    template <std::derived_from<Behaviour> T>
    bool detach(Entity entity) {
        return detach(class_of<T>(), entity);
    }
    /// What is attached and is a T, or derives from it; else null. Not to be kept.
    template <class T>
    T* find(Entity entity) {
        for (Class& one : classes_) {
            if (!one.attached(world(), entity)) continue;
            if (T* const found = dynamic_cast<T*>(&object_of(one, entity))) return found;
        }
        return nullptr;
    }
    /// Detaches all, then destroys the entity. False when it was dead.
    bool destroy_object(Entity entity) {
        detach_all(entity);
        return world().destroy(entity);
    }
    Status reply(const Message& request, Bytes payload) { return net().reply(&request, payload); }

protected:
    /// In setup(), for each class that is attached anywhere. Objects tick class by class in this
    /// order.
    template <std::derived_from<Behaviour> T>
    void behaviour() {
        for (const Class& one : classes_) {
            if (one.name == T::name) return refuse("two behaviours have the name " + one.name);
        }
        expect(world().template use<Attached<T>>());
        if (classes_.empty()) begin_objects();
        Class made;
        made.name = T::name;
        made.make = []() -> std::unique_ptr<Behaviour> { return std::make_unique<T>(); };
        made.attached = [](Registry& world, Entity entity) {
            return world.template all_of<Attached<T>>(entity);
        };
        made.start = [](Registry& world, Entity entity) {
            return std::exchange(world.template get<Attached<T>>(entity).started, true);
        };
        made.remove = [](Registry& world, Entity entity) {
            world.template remove<Attached<T>>(entity);
        };
        made.collect = [](Registry& world, std::vector<Entity>& out) {
            world.template view<const Attached<T>>().each(
                [&](Entity entity, const Attached<T>&) { out.push_back(entity); });
        };
        classes_.push_back(std::move(made));
    }
    /// In setup(): messages of this id go to on_message() of what is attached to the entity of
    /// their session.
    void on_objects(std::uint16_t id, Str name = {}) {
        on(
            id,
            [this](const Message& message) {
                for (Class& one : classes_) {
                    if (one.attached(world(), message.entity))
                        object_of(one, message.entity).on_message(message);
                }
            },
            name);
    }
    /// Call it when you override it: after a rollback the objects are made anew.
    void resumed() override {
        for (Class& one : classes_) one.objects.clear();
    }

private:
    struct Class {
        std::string name;
        std::unique_ptr<Behaviour> (*make)() = nullptr;
        bool (*attached)(Registry&, Entity) = nullptr;
        bool (*start)(Registry&, Entity) = nullptr;  ///< whether it had been started before
        void (*remove)(Registry&, Entity) = nullptr;
        void (*collect)(Registry&, std::vector<Entity>&) = nullptr;
        std::unordered_map<std::uint64_t, std::unique_ptr<Behaviour>> objects;
    };

    template <class T>
    Class& class_of() {
        for (Class& one : classes_) {
            if (one.name == T::name) return one;
        }
        throw EcsError{"behaviour<T>() in setup() is missing for " + std::string{T::name}};
    }
    void begin_objects() {
        system("objects", Stage::update, [this](const Tick& tick) { run_objects(tick); });
        on_session([](SessionId, Entity) {},
                   [this](SessionId, Entity entity) { detach_all(entity); });
    }
    /// The entity has the component.
    Behaviour& object_of(Class& of, Entity entity) {
        std::unique_ptr<Behaviour>& slot = of.objects[entity.value];
        if (slot != nullptr) return *slot;
        slot = of.make();
        Behaviour& made = *slot;  // a hook may attach more, and the map move
        made.bind(*this, object(entity));
        of.start(world(), entity) ? made.on_wake() : made.on_attach();
        return made;
    }
    bool detach(Class& of, Entity entity) {
        if (!of.attached(world(), entity)) return false;
        Behaviour& leaving = object_of(of, entity);
        run(of.name, [&] { leaving.on_detach(); });
        of.remove(world(), entity);
        // It may be the one that is running.
        const auto found = of.objects.find(entity.value);
        if (found == of.objects.end()) return true;
        gone_.push_back(std::move(found->second));
        of.objects.erase(found);
        return true;
    }
    void detach_all(Entity entity) {
        for (Class& one : classes_) detach(one, entity);
    }
    void run_objects(const Tick& tick) {
        gone_.clear();
        for (Class& one : classes_) {
            entities_.clear();
            one.collect(world(), entities_);  // hooks may change what a view walks over
            for (const Entity entity : entities_) {
                if (!one.attached(world(), entity)) continue;  // an earlier one took it off
                run(one.name, [&] { object_of(one, entity).on_tick(tick); });
            }
            if (one.objects.size() <= entities_.size()) continue;
            std::erase_if(one.objects, [&](const auto& entry) {
                return !one.attached(world(), Entity{entry.first});
            });
        }
    }

    std::vector<Class> classes_;
    std::vector<Entity> entities_;
    std::vector<std::unique_ptr<Behaviour>> gone_;
};

}  // namespace gantry
