// gantry/cpp/object.h: Object, an entity as an object, and Behaviour, what is attached to one.
#pragma once
#include <string_view>

#include "gantry/ecs/registry.h"
#include "gantry/net.h"
#include "gantry/schedule.h"

namespace gantry {

class ObjectPlugin;

/// An entity and its components. Holds no more than the handle: copy it, and drop it, as you like.
/// Calls on a dead entity throw, or answer null and false. [world]
class Object {
public:
    Object() = default;
    Object(Registry& world, Entity entity) noexcept : world_{&world}, entity_{entity} {}

    Entity entity() const noexcept { return entity_; }
    bool alive() const noexcept { return world_ != nullptr && world_->valid(entity_); }

    /// The reference holds until the next structural change.
    template <class T>
    T& get() const {
        return world_->template get<T>(entity_);
    }
    template <class T>
    T* try_get() const {
        return world_->template try_get<T>(entity_);
    }
    template <class... Ts>
    bool has() const {
        return world_->template all_of<Ts...>(entity_);
    }
    /// In the place of one that is there.
    template <class T>
    T& add(const T& value = T{}) const {
        return world_->template emplace_or_replace<T>(entity_, value);
    }
    template <class T>
    bool remove() const {
        return world_->template remove<T>(entity_);
    }
    Registry& world() const noexcept { return *world_; }

private:
    Registry* world_ = nullptr;
    Entity entity_;
};

/// Derive from it, or from one that you derived, and give each class `static constexpr
/// std::string_view name`, which is stable over versions and unique in a host. What a hook throws
/// is counted as a failure of the plugin and stops nothing else. [world]
class Behaviour : public Object {
public:
    Behaviour() = default;
    Behaviour(const Behaviour&) = delete;
    Behaviour& operator=(const Behaviour&) = delete;
    virtual ~Behaviour() = default;

    /// Once, when it is attached: add the components that it needs.
    virtual void on_attach() {}
    /// The object was made anew, by the next version or after a rollback; its data were not.
    virtual void on_wake() {}
    /// Every tick, in Stage::update, in the system "objects".
    virtual void on_tick(const Tick&) {}
    /// A message of the session whose entity this is; see ObjectPlugin::on_objects().
    virtual void on_message(const Message&) {}
    /// Before it is detached, or its entity goes by ObjectPlugin::destroy_object() or with its
    /// session.
    virtual void on_detach() {}

protected:
    /// The plugin: plugin<Game>().score(7).
    template <class P = ObjectPlugin>
    P& plugin() const noexcept {
        return static_cast<P&>(*plugin_);
    }

private:
    friend class ObjectPlugin;
    void bind(ObjectPlugin& plugin, const Object& object) noexcept {
        static_cast<Object&>(*this) = object;
        plugin_ = &plugin;
    }
    ObjectPlugin* plugin_ = nullptr;
};

/// The component that says: a T is attached here. Under T's name in the inspector.
template <class T>
struct Attached {
    bool started = false;  ///< on_attach() has run
};
template <class T>
constexpr auto gantry_component(const Attached<T>*) noexcept {
    using Self = Attached<T>;
    return detail::describe(std::string_view{T::name}, 1, GANTRY_FIELD(started));
}

}  // namespace gantry
