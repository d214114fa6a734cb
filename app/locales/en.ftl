### What the bot says in English. Values come ready: sums, dates and numbers with their noun are written by the code.

format =
    .date = d MMMM y
    .day = d MMM
    .moment = d MMMM y, HH:mm
    .time = HH:mm
    .zone = UTC
    .zone_name = UTC
    .money = { $sum } ₽

count =
    .day =
        { $n ->
            [one] { $n } day
           *[other] { $n } days
        }
    .config =
        { $n ->
            [one] { $n } config
           *[other] { $n } configs
        }
    .device =
        { $n ->
            [one] { $n } device
           *[other] { $n } devices
        }
    .address =
        { $n ->
            [one] { $n } address
           *[other] { $n } addresses
        }

language =
    .name = English

unit =
    .gib = GB
    .mib = MB

home =
    .new =
        👋 <b>Hi, { $name }!</b>

        This is <b>OrbitVPN</b>, a fast VPN for phones and computers.

        🎁 Your free trial has started:
        <b>{ $days }</b> free, until { $end }.

        Just connect now: it takes about a minute.
    .title =
        🪐 <b>OrbitVPN</b>

        { $subscription }
        💰 Balance: <b>{ $balance }</b>
    .active =
        ✅ Subscription active, <b>{ $days }</b> left
        📅 Until { $end }
    .trial =
        🎁 Free trial, <b>{ $days }</b> left
        📅 Until { $end }
    .none = ⏸ No subscription right now

menu =
    .vpn = 🔑 My VPN
    .plans = 🛒 Buy a subscription
    .renew = 🛒 Extend the subscription
    .balance = 💰 Balance
    .invite = 🎁 Invite a friend
    .gifts = 🎁 My gifts
    .settings = ⚙️ Settings
    .help = ❓ Help
    .home = To the menu
    .back = ‹ Back

vpn =
    .title =
        🔑 <b>My VPN</b>

        { $subscription }
    .empty = You have no config yet. It is your own link for a VPN app, and creating it takes a few seconds.
    .list = Choose a config to see its link and QR code:
    .expired = You need a subscription to connect.
    .new = Create a config
    .more = Create one more
    .creating =
        ⏳ <b>Creating your config…</b>

        This usually takes a couple of seconds. The message updates itself.
    .delayed =
        ⏳ <b>Your config is still being created</b>

        The server answers more slowly than usual. We keep trying and will send the config as soon as it is ready. There is nothing you need to press.
    .card = 🔑 { $name }
    .card_creating = ⏳ { $name }

config =
    .caption =
        🔑 <b>{ $name }</b>

        Link for the app:
        <code>{ $url }</code>

        📅 Until <b>{ $end }</b>
        📊 Traffic: <b>{ $traffic }</b>{ $place }

        { $hint }
    .hint = Copy the link and paste it into an app: Happ, Hiddify, v2rayNG or Streisand. On another device, scanning the QR code is easier.
    .hint_page = Press Connect: the page helps you choose an app and adds the config to it. On another device, scanning the QR code is easier.
    .traffic = { $used } of { $limit }
    .traffic_unlimited = { $used }, unlimited
    .traffic_unknown = updating
    .copy = 📋 Copy the link
    .key = Show the key
    .key_text =
        🔑 <b>{ $name }</b>: key for manual setup

        <code>{ $link }</code>

        Tap the key to copy it.
    .refresh = Refresh
    .connect = ⚡️ Connect
    .devices = 📱 Devices
    .reissue = New link
    .reissue_ask =
        <b>Issue a new link for { $name }?</b>

        The old one stops opening at once. Apps that already have the config go on working, but can refresh it by the new link only.
    .reissue_yes = Yes, issue a new one
    .reissued = Done, this is the new link
    .delete = Delete
    .delete_ask =
        <b>Delete { $name }?</b>

        Devices with this link will be disconnected. Your subscription stays, and you can create a new config right away.
    .delete_yes = Yes, delete
    .deleted = The config is deleted
    .new_key = Take the new link
    .open = Open the config
    .how = 📖 How to
    .location = 📍 Location
    .rename = ✏️ Name
    .rename_ask =
        ✏️ <b>A new name for { $name }</b>

        Send it as a message, up to { $most } characters. For example: “My phone” or “Mum”.
    .place = 📍 Location: <b>{ $country }</b>
    .place_instead = ⚠️ { $country }: no room there just now, so the VPN works through another server for the time being.
    .place_moving = ⏳ Moving: <b>{ $country }</b>
    .place_moving_best = ⏳ Looking for a better server

devices =
    .title =
        📱 <b>Devices · { $name }</b>

        Places taken: <b>{ $taken } of { $most }</b>
    .line =
        • <b>{ $name }</b>
           { $details } · { $seen }
    .short_line = • <b>{ $name }</b> · { $seen }
    .today = today
    .some_app = A VPN app
    .none = None yet. A device appears here once you add the link to an app on it.
    .hint = A new device takes a place by itself when you add the link on it.
    .full = There is no place left. Remove a device that you don't use, then refresh the subscription on the new one.
    .uncounted =
        The link was also opened by apps that don't name their device. They take no place:
        { $apps }

        One that you don't know? Issue a new link, and the old one stops opening.
    .remove = ✕ Remove: { $name }
    .removed = The place is free

plans =
    .title =
        🛒 <b>Subscription</b>

        { $subscription }
        💰 Balance: <b>{ $balance }</b>

        New days are added to those you have left.
    .row = { $title } · { $price }
    .row_saving = { $title } · { $price } · −{ $percent }%
    .row_best = ⭐ { $title } · { $price } · −{ $percent }%
    .discount = 🎟 <b>{ $percent }%</b> off your next purchase, until { $until }:
    .discounted = { $title }: { $price }
    .best = ⭐ { $title }: just { $price } a month.

plan =
    .sub_1m = 1 month
    .sub_3m = 3 months
    .sub_6m = 6 months
    .sub_12m = 12 months

buy =
    .ask =
        🛒 <b>{ $what }</b>

        📅 { $until }
        🔑 { $configs } at once
        💳 Price: <b>{ $price }</b>
        💰 Balance: <b>{ $balance }</b>
    .until = Until <b>{ $end }</b>
    .renewal = { $was } → <b>{ $end }</b>
    .yes = Buy for { $price }
    .pay = Pay { $amount }
    .short =
        🛒 <b>{ $what }</b>

        📅 { $until }
        💳 Price: <b>{ $price }</b>
        💰 Balance: <b>{ $balance }</b>

        To pay: <b>{ $amount }</b>. The subscription starts by itself as soon as the money arrives.
    .short_rest =
        { $text }

        You are { $missing } short, but a payment can't be less than { $amount }: the rest stays on your balance.
    .top_up = Top up { $missing }
    .done =
        ✅ <b>Subscription paid</b>

        📅 Valid until <b>{ $end }</b>
        💰 Left on the balance: <b>{ $balance }</b>

balance =
    .title =
        💰 <b>Balance: { $balance }</b>

        You pay for the subscription from the balance. What is left stays there.
    .top_up = Top up
    .no_methods = Topping up is unavailable right now. Please come back later.

topup =
    .method =
        💰 <b>Top up</b>

        How would you like to pay?
    .amount =
        💰 <b>Top up: { $method }</b>

        Choose an amount or type your own: from { $minimum } to { $maximum }.
    .use_buttons = Choose a section with a button below.

method =
    .ton = GRAM (TON)
    .usdt = USDT (TON)
    .stars = Telegram Stars
    .cryptobot = CryptoBot
    .yookassa = Bank card / SBP

invoice =
    .ton =
        💎 <b>{ $title }</b>

        Send exactly <b>{ $coins } { $asset }</b>
        to the address
        <code>{ $address }</code>
        with the comment
        <code>{ $comment }</code>

        ⚠️ The comment is required and must not be encrypted: it is how we recognise your payment.

        ⏱ The rate holds until { $deadline }. { $then }
    .link =
        💰 <b>{ $title }</b>

        To pay: <b>{ $price }</b>
        By: { $method }

        Press the button below.
        ⏱ The invoice is open until { $deadline }. { $then }
    .title = Top up { $amount }
    .title_wish = { $what } · { $amount }
    .then = The money is credited by itself, usually within a minute.
    .then_wish = The subscription starts by itself, usually within a minute.
    .then_gift = We send you the link to the gift by ourselves, usually within a minute.
    .stars = { $stars } ⭐
    .pay = Pay { $price }
    .open_wallet = Open the wallet
    .copy_comment = 📋 Comment
    .copy_address = 📋 Address
    .copy_amount = 📋 Amount
    .check = I have paid
    .cancel = Cancel
    .waiting = No payment to be seen yet. We will write as soon as it arrives.
    .paid_already = This payment has been credited.
    .dead = The invoice is closed. If you have sent the money already, it will be credited all the same.
    .cancelled =
        The invoice for { $amount } is cancelled.

        If you have sent the money already, it will be credited.
    .expired =
        ⌛️ The invoice for { $amount } has expired, there is no need to pay it.

        If you have sent the money already, it will be credited.
    .expired_wish =
        ⌛️ The invoice has expired, there is no need to pay it.
        { $what } · { $amount }

        If you have sent the money already, the rest happens by itself.
    .paid = ✅ The invoice is paid.

# What is paid for right away: the invoice and the purchase in one go.
wish =
    .plan = Subscription for { $title }
    .gift = Gift: subscription for { $title }
    .method =
        🛒 <b>{ $what }</b>

        To pay: <b>{ $amount }</b>. How would you like to pay?
    .bought =
        ✅ <b>Paid! { $what }</b>

        📅 Valid until <b>{ $end }</b>
        💰 On the balance: <b>{ $balance }</b>

        Payment of { $amount }, receipt No. { $receipt }
    .short =
        💰 <b>{ $amount } received</b>, the money is on your balance

        { $what }: <b>{ $missing }</b> are still missing. Pay the rest, and the purchase completes by itself.
    .pay_rest = Pay the remaining { $amount }
    .changed =
        💰 <b>{ $amount } received</b>, the money is on your balance

        { $what } costs <b>{ $price }</b> now, so we bought nothing without you. Please take another look.
    .gone =
        💰 <b>{ $amount } received</b>, the money is on your balance

        { $what } is not on sale any more, so we bought nothing. Please choose another one.
    .late =
        💰 <b>{ $amount } received</b>, the money is on your balance

        You opened the invoice more than a day ago, so we bought nothing without you.

        Still want it? Buy it from the balance: { $what }.

stars =
    .title = OrbitVPN balance
    .description = Balance top-up by { $amount }, receipt No. { $receipt }
    .description_wish = { $amount } to pay, receipt No. { $receipt }. The purchase completes by itself.

checkout =
    .gone = This invoice is closed or has expired. Open a new one in the bot: Balance → Top up. No Stars were taken.
    .paid = This invoice has been paid, the money is on the balance. No Stars were taken.
    .foreign = Somebody else opened this invoice. Open your own in the bot. No Stars were taken.
    .changed = The sum of this invoice has changed. Open a new one in the bot. No Stars were taken.
    .not_now = We got distracted for a second. No Stars were taken, please try again in a minute.

paysupport =
    .text =
        💬 <b>Questions about a payment</b>

        Money usually arrives within a minute. If it hasn't, press “I have paid” under the invoice, and we ask the payment system once more.

        If that doesn't help, or you need a refund, write to { $contact } and name the number of the receipt. We answer ourselves: Telegram support and @BotSupport can't help with purchases made in bots.
    .contact = the owner of this bot
    .here = to us by the button below

terms =
    .text =
        📄 <b>Terms</b>

        1. You top up a balance and spend it on an OrbitVPN subscription. A subscription starts right after the purchase.
        2. A top-up is credited in full; what comes beyond an invoice, at its worth in rubles.
        3. A top-up that you haven't spent is refunded on request, the way it came: /paysupport. The refund takes the sum off the balance.
        4. Don't use the service for spam, break-ins or what the law forbids: access ends without a refund.
        5. We keep your Telegram ID and the history of your payments; we don't record what you do online.
        6. The seller and the support are this bot, not Telegram.

notice =
    .ticket_closed =
        ✅ <b>Your request No. { $number } is closed</b>

        If something is still open, write to us again.
    .refunded =
        ↩️ <b>Refund of { $amount }</b>

        Receipt No. { $receipt }. The money went back the way it came.
    .paid =
        ✅ <b>Your balance is topped up by { $amount }</b>

        Receipt No. { $receipt }
    .paused =
        ⏸ <b>{ $name } is paused until { $until }</b>

        It was used from different places at once: we saw { $addresses }, and { $most } at most are allowed. It comes back by itself, there is nothing you need to press.

        To avoid this, disconnect the devices that you don't need. If somebody else has your link, delete the config and create a new one.
    .added =
        💠 <b>{ $amount } was added to your balance</b>

        Our support did this. If you did not expect it, write to us: /paysupport.
    .taken =
        💠 <b>{ $amount } was taken off your balance</b>

        Our support put it right. If you have a question, write to us: /paysupport.
    .bonus = 🎁 <b>+{ $amount }</b> for a friend you invited. Thank you for spreading the word!
    .returned =
        ↩️ <b>{ $amount } is back on your balance</b>

        We could not make your config in time. We are sorry! The money is on your balance again, and the unused time of that purchase is taken off. You can buy a plan at any moment.
    .returned_debt =
        ↩️ <b>{ $amount } is back on your balance</b>

        We could not make your config in time. We are sorry! Another { $debt } covered what an earlier refund had left open. The unused time of that purchase is taken off. You can buy a plan at any moment.
    .moved =
        🔁 <b>Your config has a new key</b>

        We moved it to another server, and the old key stops working soon. Take the new link and add it to your app in place of the old one. Your subscription stays the same.
    .gift =
        🎁 <b>Your gift has been activated</b>

        A subscription for { $days } is running. Thank you for sharing!
    .renewed =
        ✅ <b>Your subscription runs until { $end }</b>

        We took { $price }; { $balance } is left on your balance.
        Purchase No. { $receipt }
    .located =
        ✅ <b>{ $name } has moved</b>

        📍 { $country }

        The link is the same. Your app updates by itself; to have it now, refresh the subscription in it.
    .located_key =
        ✅ <b>{ $name } has moved</b>

        📍 { $country }

        The link is another now: open the config and add it to the app in place of the old one.
    .stayed =
        📍 <b>{ $name } stays where it is</b>

        Now: { $country }. No better place could be found just now. The VPN works as before, please try again later.

operator =
    .unmatched =
        💰 <b>Money waits for you: { $sum }</b>{ $comment }
        Whose it is, nobody could tell. Give it to a customer:
        <code>./orbit assign { $reference } TELEGRAM_ID</code>
    .undelivered =
        📦 <b>Paid and not delivered: { $count }, { $amount } in all</b>
        { $user } waits longest: { $minutes } min, panel: { $panel }. Last failure: { $reason }
        The bot goes on trying. The list: <code>./orbit undelivered</code>
    .returned =
        ↩️ <b>{ $amount } went back to the balance of { $user }</b> (<code>{ $reference }</code>)
        The config could not be made. Last failure: { $reason }
    .no_panel = none chosen
    .no_reason = none
    .comment = Comment: “{ $comment }”
    .debt =
        ↩️ <b>A refund left a debt of { $amount }</b>
        Account { $user } had spent the money already (<code>{ $reference }</code>).
    .silent =
        🔇 <b>No answer from { $provider } since { $since } UTC</b>
        Payments are not seen just now. None is lost: they are credited when it answers again.
    .back =
        🔔 <b>{ $provider } answers again</b>
        It was silent from { $since } UTC. What was paid meanwhile is being credited.
    .panel_left =
        🛰 <b>No answer from panel { $panel } since { $since } UTC</b>
        Its configs are moving to other panels. How it goes: <code>./orbit panels state</code>
    .sweep_missing =
        🛑 <b>The sweep of panel { $panel } was stopped</b>
        { $count } of { $among } configs are not on it, and were left as they are. If it was restored from a copy, make them again:
        <code>./orbit panels sweep { $panel } --all</code>
    .sweep_leftovers =
        🛑 <b>The sweep of panel { $panel } was stopped</b>
        { $count } of its { $among } users should not be there, and were left as they are. If that is right, remove them:
        <code>./orbit panels sweep { $panel } --all</code>
    .panel_twice =
        👥 <b>Panels { $panel } and { $home } look like one and the same</b>
        A config that lives on { $home } has the same key on { $panel }; its user was left alone. If two rows name one panel, keep one of them.
    .audit_right = ✅ The books are right (audit of { $night }).
    .audit_broken =
        🚨 <b>The books are broken: { $count }</b> (audit of { $night })
        <pre>{ $named }</pre>
        Leave the database as it is, and look with <code>./orbit audit</code>. The bot goes on.

invite =
    .title =
        🎁 <b>Invite a friend</b>

        { $when }, you get <b>{ $bonus }</b>.

        Your link:
        <code>{ $link }</code>

        👥 Invited: <b>{ $invited }</b>
        💳 Topped up: <b>{ $paid }</b>
        💰 Earned: <b>{ $earned }</b>
    .first_payment = When your friend tops up for the first time
    .signup = When your friend opens the bot by your link
    .share = Share
    .copy = 📋 Copy the link
    .pitch = A fast VPN with a free trial

settings =
    .title =
        ⚙️ <b>Settings</b>

        Language: <b>{ $language }</b>
    .saved = Done

help =
    .title =
        ❓ <b>Help</b>

        <b>How to connect</b>
        1. Install an app: Happ, Hiddify, v2rayNG or Streisand.
        2. Open “My VPN” and create a config.
        3. Paste its link into the app or scan the QR code.

        <b>Where is my payment?</b>
        A minute is usually enough. Money is never lost: every transfer is recorded.
    .support = Write to support

sub =
    .title = Your subscription
    .active = Active
    .left = Time left
    .until = until { $end }
    .traffic = Traffic
    .ended_title = Your subscription has ended
    .ended_text = Renew it in the bot. This link and the setup in your apps stay as they are, and work again by themselves.
    .ended_server = ⛔ Subscription ended, renew it in the bot
    .ended_profile = OrbitVPN: subscription ended
    .ended_announce = The subscription has ended. Renew it in the bot, then refresh this profile.
    .connect = How to connect
    .step_install = Install { $app }
    .step_add = Add the subscription
    .step_add_hint = The button opens { $app } and sets everything up.
    .step_on = Turn the VPN on
    .step_on_ios = Press the big button in the app and allow it to add a VPN configuration.
    .step_on_android = Press the connect button in the app and accept the VPN request.
    .step_on_desktop = Choose the profile in the app and turn it on. If there is a choice, use TUN mode: then every program goes through the VPN.
    .install = Get it
    .add = Add to { $app }
    .add_short = Add
    .others = Other apps
    .link = Subscription link
    .link_hint = It fits every app: paste it where the app keeps subscriptions.
    .copy = Copy the link
    .copied = Copied
    .qr = QR code for another device
    .qr_hint = Open the app on the other device and scan the code.
    .private = The link is personal: whoever knows it uses your subscription. The bot can issue a new one.
    .bot = Open the bot
    .renew = Renew in the bot
    .support = Support
    .opening = Opening { $app }
    .opening_hint = If the app does not open, press the button. Not installed yet? Get it below, then come back here.
    .full_server = ⛔ Taken by { $devices }. Free a place in the bot
    .full_profile = OrbitVPN: no place left
    .full_announce = This config already has { $devices }, which is the limit. Remove one in the bot: My VPN → { $name } → Devices. Then refresh the subscription here.
    .unnamed_server = ⛔ This app does not fit: use Happ or v2rayTun
    .unnamed_profile = OrbitVPN: another app is needed
    .unnamed_announce = This app does not name its device. Add the link to Happ or v2rayTun instead.
    .devices = Devices: { $taken } of { $most }
    .devices_hint = A device takes a place when the link is added on it. The list, with a button that removes one, is in the bot: My VPN → { $name } → Devices.
    .devices_full = There is no place left. To add a new device, first remove one in the bot: My VPN → { $name } → Devices.
    .gone_title = This link does not work
    .gone_text = It may have been replaced by a new one, or the config was deleted. The link that works is always in the bot, under My VPN.

price =
    .off = <s>{ $full }</s> { $price } (−{ $percent }%)

history =
    .open = 📜 History
    .title =
        📜 <b>History</b>

        { $entries }

        Press the number of an entry to open its receipt.
    .empty =
        📜 <b>History</b>

        Your top-ups and purchases will appear here.
    .line =
        { $number }. <b>{ $amount }</b> · { $what }
        { $state } · { $date }
    .newer = ‹ Newer
    .older = Older ›

entry =
    .topup = Top-up
    .purchase = Subscription
    .gift = Subscription as a gift
    .promo = Promo code
    .referral = Bonus for a friend
    .refund = Payment refunded
    .undelivered = Money for a subscription came back
    .adjustment = Correction by support
    .other = Change of the balance
    .waiting = waiting for payment
    .expired = expired
    .cancelled = cancelled
    .failed = did not go through
    .credited = credited
    .paid = charged
    .returned = returned
    .partly_returned = partly returned

receipt =
    .title = 🧾 <b>Receipt No. { $number }</b>
    .what = What for: { $what }
    .amount = Amount: <b>{ $amount }</b>
    .state = Status: { $state }
    .at = When: { $at }
    .plan = Period: { $plan }
    .method = Paid with: { $method }
    .hash = Transfer: <code>{ $hash }</code>
    .draft = Hello! A question about a payment, receipt No. { $number }.
    .problem = 🆘 Problem with this payment

support =
    .title =
        💬 <b>Support</b>

        What is it about?
    .open =
        💬 <b>Support</b>

        Your request No. { $number } is open. Just write here: text, photos, files, voice messages. The answer comes to this chat.
    .payment = 💳 Payment or refund
    .vpn = 🔌 VPN does not work
    .other = 💡 Something else
    .which =
        💳 <b>Payment or refund</b>

        Which payment is it about?
    .no_entry = Something else
    .write =
        <b>{ $about }</b>

        Tell us what happened. You can send a photo, a file or a voice message.
    .write_about =
        { $receipt }

        ✍️ Tell us what happened. Need a refund? Just say so: we attach the receipt ourselves.
    .sent = ✅ Passed on. The answer comes here, to this chat.
    .cant_pass = We can't pass on a message of this kind. Please send text, a photo, a file or a voice message.
    .solved = ✅ It is solved
    .closed =
        ✅ <b>The request is closed</b>

        Thank you! If you have another question, we are here.

desk =
    .card =
        🎫 <b>Request No. { $number }</b> · { $category }

        { $name } · <code>{ $user }</code> · { $language }
        Subscription: { $subscription }
        Balance: { $balance }
    .no_subscription = none
    .until = until { $end }
    .banned = 🚫 Shut out: { $reason }
    .entries =
        Lately:
        { $lines }
    .line = { $at }: { $what }, { $amount }, { $state }
    .about =
        📎 Attached:
        { $receipt }
    .refund =
        To refund:
        <code>./orbit refund { $gateway } { $charge }</code>
    .adjust =
        This method knows no refunds. Send the money yourself, then take it from the balance:
        <code>./orbit adjust { $user } -{ $rubles } --reason "payment { $number } sent back"</code>
    .how =
        All of the account: <code>./orbit account { $user }</code>
        Write here to answer the customer. What begins with // stays among you. To finish: /close
    .closed = ✅ The request is closed, and the customer was told.
    .solved = ✅ The customer says that it is solved. The request is closed.
    .nothing_open = There is no open request here.
    .person_gone = ⚠️ Not delivered: the customer has blocked the bot.
    .not_passed = ⚠️ This message could not be passed on to the customer.
    .not_stored = ⚠️ Not stored. Please send it once more.

ban =
    .title = 🚫 <b>Access is closed</b>
    .reason = Reason: { $reason }
    .until = Opens: { $until }
    .mistake = If this is a mistake, write to us.

gate =
    .title =
        📣 <b>One step left</b>

        Subscribe to our channel: it has the news of the service. Then come back and press “I have subscribed”.
    .channel = Open the channel
    .check = I have subscribed
    .not_yet = We can't see your subscription yet. Open the channel, subscribe, and press once more.

promo =
    .enter = 🎟 Promo code
    .ask =
        🎟 <b>Promo code</b>

        Send the code as a message. The code of a gift works, too.
    .rubles =
        🎟 <b>+{ $amount } on your balance</b>

        💰 Your balance is now <b>{ $balance }</b>
    .days =
        🎟 <b>Subscription extended: +{ $days }</b>

        📅 Valid until <b>{ $end }</b>
    .gift =
        🎁 <b>Gift activated: +{ $days }</b>

        📅 The subscription is valid until <b>{ $end }</b>
    .discount =
        🎟 <b>Your discount: { $percent }%</b>

        It applies to your next purchase by itself and holds until { $until }. The new prices are on the subscription page.
    .unknown = There is no such promo code. Please check it for a typo and send it again.
    .ended = This promo code has ended.
    .not_yet = This promo code has not started yet. It will work from { $opens_at }.
    .used_up = This promo code has run out: all its uses are taken.
    .used_by_you = You have used this code already.
    .first_only = This promo code is for a first purchase only, and you have made yours. Thank you for staying with us!
    .gift_taken = This gift has been activated already. It can be activated only once.
    .too_many_misses = Too many wrong codes in a row. Please try again in an hour.

gift =
    .buy = 🎁 Buy as a gift
    .done =
        🎁 <b>The gift is paid: { $title }</b>

        Send this link to whom you give it:
        <code>{ $link }</code>

        Or the code, which can be typed under “Promo code”:
        <code>{ $code }</code>

        A gift is activated once and does not expire. We will write to you when it happens.

        💰 Left on the balance: <b>{ $balance }</b>
    .pitch = A subscription to OrbitVPN, as a gift for you. Open the link to activate it
    .list =
        🎁 <b>My gifts</b>

        { $gifts }
    .none = You have not given anything yet. Choose a subscription and press “Buy as a gift”.
    .open =
        🎁 { $title }: waits for its receiver
        <code>{ $link }</code>
    .redeemed = ✅ { $title }: activated on { $date }

rate_limit = A little slower, please: try again in { $seconds } s.

renewal =
    .menu = 🔁 Auto-renewal
    .off =
        🔁 <b>Auto-renewal is off</b>

        Choose a plan and your subscription will renew itself: a day before it ends we take the price from your balance. We tell you 3 days ahead.

        If the plan gets dearer, we take nothing.

        💰 Balance: <b>{ $balance }</b>
    .choose =
        🔁 <b>Plan for auto-renewal</b>

        Choose what to renew your subscription with.

        💰 Balance: <b>{ $balance }</b>
    .at_once = ⚡️ Your subscription ends in less than a day: as soon as you switch this on, we renew it.
    .on =
        🔁 <b>Auto-renewal is on</b>

        Plan: <b>{ $title }</b> for <b>{ $price }</b>
        💰 Balance: <b>{ $balance }</b>

        { $next }
    .next = We take it on { $when }, and tell you 3 days before.
    .next_soon = We take it within a few minutes.
    .next_short = We take it on { $when }. <b>{ $missing }</b> is missing so far: top up in time.
    .next_later = Your subscription has ended. For 3 days it still renews by itself once the balance suffices. After that buy it once, and from then on we renew it.
    .next_changed = This plan has changed, so we take nothing. Please choose a plan again.
    .plan = { $title } · { $price }
    .chosen = ✓ { $title } · { $price }
    .change = Change plan
    .turn_off = Turn auto-renewal off
    .turned_on = Auto-renewal is on
    .turned_off = Auto-renewal is off

reminder =
    .menu = 🔔 Reminders
    .on =
        🔔 <b>Reminders are on</b>

        We write 3 days and one day before your subscription ends, when it has ended, and once more 3 days later. About money and auto-renewal we always write.
    .off =
        🔕 <b>Reminders are off</b>

        We won't remind you of the end of your subscription. About money and auto-renewal we always write.
    .turn_on = Turn reminders on
    .turn_off = Turn reminders off
    .ends_soon =
        ⏳ <b>Your subscription ends on { $end }</b>

        { $days } left. Renew early: new days are added to those you have.
    .ends_tomorrow =
        ⏳ <b>Your subscription ends on { $end }</b>

        Less than a day left. Renew now and your VPN keeps running.
    .trial_ends =
        🎁 <b>Your free trial ends on { $end }</b>

        Did you like it? Choose a plan and your VPN goes on without a break.
    .ended =
        ⏸ <b>Your subscription has ended</b>

        Your VPN is paused. Renew, and everything works again: there is nothing to set up anew.
    .trial_ended =
        ⏸ <b>Your free trial has ended</b>

        Choose a plan and your VPN works again. There is nothing to set up anew.
    .missed =
        👋 <b>Your VPN has been off for { $days }</b>

        Coming back is easy: renew, and everything works as before.
    .renews_soon =
        🔁 <b>We renew your subscription soon</b>

        We take <b>{ $price }</b> for “{ $title }”, { $when }.
        { $funds }
    .enough = 💰 You have <b>{ $balance }</b>, which is enough.
    .not_enough = 💰 You have <b>{ $balance }</b>; <b>{ $missing }</b> is missing. Top up in time and your VPN keeps running.
    .renewal_short =
        🔁 <b>We couldn't renew your subscription</b>

        You have <b>{ $balance }</b>; <b>{ $missing }</b> is missing. Top up, and we renew it. It runs until { $end }.
    .renewal_changed =
        🔁 <b>The plan has changed, we took nothing</b>

        It is not what it was when you switched auto-renewal on. Please choose a plan again: your subscription runs until { $end }.
    .ended_short =
        ⏸ <b>Your subscription has ended</b>

        <b>{ $missing }</b> was missing to renew it. Top up, and within a minute we renew it.

error =
    .too_many_messages = We have your messages and will answer soon. You can send the next one in a few minutes.
    .internal = Something went wrong. Please try again. If it doesn't help, give support the code <code>{ $incident }</code>.
    .not_found = That is gone. Here is what there is now:
    .banned = Access is closed. If this is a mistake, write to support.
    .insufficient = You have { $have }, { $need } is needed.
    .plan_changed = The terms of this plan have changed. Please have another look.
    .offer_changed = Your price has just changed, so we have not charged anything. Please have another look.
    .no_subscription = Your subscription has ended, so there is no new config for now.
    .too_many_configs = Your subscription allows { $configs } at once. To create a new one, delete one you don't need, or choose a plan with more.
    .amount = Type the amount as a number: from { $minimum } to { $maximum }.
    .too_many_payments = Too many invoices are open. Pay or cancel one of them.
    .method_unavailable = This payment method is unavailable right now. Try another one, or a little later.
    .storage = The service is unavailable right now. Nothing has changed; please try again in a minute.
    .stale_button = That button is out of date. Here is how things stand now:
    .name = That can’t be a name. Send one of letters, digits or emoji, up to { $most } characters.
    .location_gone = This location is not available just now. Please choose another.
    .on_the_move = The config is moving already. Please wait a minute.

traffic =
    .button = 📊 Traffic
    .title = 📊 <b>Traffic</b>
    .of_config = 📊 <b>Traffic · { $name }</b>
    .month = Traffic in 30 days
    .today = today
    .sums =
        Today: <b>{ $today }</b>
        7 days: <b>{ $week }</b>
        30 days: <b>{ $month }</b>
    .left = Left: <b>{ $left }</b>
    .none = Nothing here yet. Connect to the VPN, and a chart will appear within an hour.

connect =
    .begin = 🚀 Connect
    .ask =
        📱 <b>On which device?</b>

        Choose the one that needs the VPN. You can add others later.
    .by_page =
        <b>{ $system }: two steps</b>

        1. Install <b>{ $app }</b>, it is free.
        2. Come back here and press “Connect”. { $app } opens and sets everything up.
    .by_hand =
        <b>{ $system }: three steps</b>

        1. Install <b>{ $app }</b>, it is free.
        2. Copy the link:
        <code>{ $url }</code>
        3. Open { $app }, press “+” and paste it.

        Setting up another device? Scan the code with it.
    .install = ⬇️ 1. Install { $app }
    .import = ⚡️ 2. Connect
    .copy = 📋 2. Copy the link
    .another = 📱 Another
    .config = 🔑 My config

location =
    .ask =
        📍 <b>Which country do you need?</b>

        “Best” suits almost everybody: we choose the server with the most room. You can change the country any time.
    .move =
        📍 <b>{ $name }</b>

        Now: <b>{ $country }</b>

        Choose where to move it. The link stays the same.
    .best = ⚡️ Best
    .unknown = the best server
    .moves = Moving. We will write when it is done
    .there = The config is there already

privacy =
    .text =
        🔒 <b>What we know of you</b>

        <b>We keep:</b> your Telegram ID, the name and language from Telegram, the end of your subscription, your payments, how much traffic a day took, the names of your devices, and what you wrote to support.

        <b>We don't keep and don't see:</b> which sites you open and what you send. Your phone number and card never reach us: the payment system handles the payment.

        We pass nothing on, unless the law demands it. To have everything deleted but the records of payments, write to support: /paysupport.

about =
    .full =
        🪐 OrbitVPN: a fast VPN for phone and computer.

        🎁 { $trial } free, no card, no registration
        ⚡️ Connected within a minute
        📱 iPhone, Android, Windows, macOS, Linux

        Press Start, and the trial begins at once.
    .short = A fast VPN for phone and computer. Connected within a minute, with a free trial.

command =
    .start = Start
    .menu = Main menu
    .promo = Enter a promo code
    .help = How to connect
    .language = Language · Язык
    .paysupport = Questions about payments
    .terms = Terms
    .privacy = What we know of you
